--- What calls have used, as far as the platform said so: a tally for each client,
-- in which those of the clients derived from it are counted too. Its size is that
-- of the list of models.
local usage = {}

---@class yuanjing.ModelUsage
---@field answers integer texts and results that came
---@field prompt_tokens integer
---@field completion_tokens integer
---@field total_tokens integer
---@field images integer
---@field videos integer
---@field credits number as the platform counts them for a task
---@field duration number seconds of video

---@class yuanjing.Usage: yuanjing.ModelUsage
---@field calls table<string, integer> that went out: chat, image, video, upload, verify, request
---@field models table<string, yuanjing.ModelUsage> "unknown" where nobody named one

-- What can be summed of what the platform says.
local SAID = { "prompt_tokens", "completion_tokens", "total_tokens", "credits",
  "duration" }

local function new_sums()
  return { answers = 0, prompt_tokens = 0, completion_tokens = 0,
    total_tokens = 0, images = 0, videos = 0, credits = 0, duration = 0 }
end

local function add_to(sums, said, made)
  sums.answers = sums.answers + 1
  for _, name in ipairs(SAID) do
    local value = said[name]
    if type(value) == "number" then sums[name] = sums[name] + value end
  end
  for name, count in pairs(made) do sums[name] = sums[name] + count end
end

local NOTHING = {}

--- An answer has come: what the platform said of its usage, if anything, and how
--- many images and videos it brought.
---@param settings table
---@param model? string
---@param said? table
---@param made? { images?: integer, videos?: integer }
function usage.add(settings, model, said, made)
  said, made = said or NOTHING, made or NOTHING
  model = model or type(said.model) == "string" and said.model or "unknown"
  local tally = settings.usage
  while tally do
    tally.models[model] = tally.models[model] or new_sums()
    add_to(tally.models[model], said, made)
    add_to(tally.sums, said, made)
    tally = tally.parent
  end
end

--- So many calls of that kind went out; fewer, when they did not after all.
---@param settings table
---@param kind string
---@param count integer
function usage.count(settings, kind, count)
  local tally = settings.usage
  while tally do
    tally.calls[kind] = (tally.calls[kind] or 0) + count
    tally = tally.parent
  end
end

local function copy(fields)
  local made = {}
  for name, value in pairs(fields) do made[name] = value end
  return made
end

--- What it comes to by now.
---@return yuanjing.Usage
function usage.total(settings)
  local total = copy(settings.usage.sums)
  total.calls, total.models = copy(settings.usage.calls), {}
  for model, sums in pairs(settings.usage.models) do
    total.models[model] = copy(sums)
  end
  return total
end

--- A tally; what is added to it is added to its parent.
function usage.new(parent)
  return { parent = parent, calls = {}, models = {}, sums = new_sums() }
end

return usage
