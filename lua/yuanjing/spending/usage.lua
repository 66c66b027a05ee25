--- What calls have used, as reported by the platform. Each client has its own
-- counters; a derived client adds to those of its parent too. The size grows
-- with the list of models only.
local lazy = require "yuanjing.base.lazy"
local prices = lazy.module "yuanjing.spending.prices"

local usage = {}

---@class yuanjing.ModelUsage
---@field answers integer texts and results received
---@field prompt_tokens integer
---@field completion_tokens integer
---@field total_tokens integer
---@field images integer
---@field videos integer
---@field credits number as the platform counts them for a task
---@field duration number seconds of video

---@class yuanjing.Usage: yuanjing.ModelUsage
---@field calls table<string, integer> sent, by kind: chat, image, video, speech, transcription, upload, verify, request
---@field models table<string, yuanjing.ModelUsage> "unknown" where no model is named

-- The fields of an answer's usage that can be summed.
local SUMMED = { "prompt_tokens", "completion_tokens", "total_tokens", "credits",
  "duration" }

local function new_sums()
  return { answers = 0, prompt_tokens = 0, completion_tokens = 0,
    total_tokens = 0, images = 0, videos = 0, credits = 0, duration = 0 }
end

local function add_to(sums, reported, made)
  sums.answers = sums.answers + 1
  for _, name in ipairs(SUMMED) do
    local value = reported[name]
    if type(value) == "number" then sums[name] = sums[name] + value end
  end
  for name, count in pairs(made) do sums[name] = sums[name] + count end
end

local NOTHING = {}

-- What is priced by tokens is known now.
local function charge(settings, model, reported)
  local limits = settings.limits
  if not limits or not limits.bounds.cost then return end
  limits:spend(prices.after(settings.prices, model, reported) or 0)
end

--- Adds the usage of an answer, if the platform reported it, and the number of
--- its images and videos.
---@param settings table
---@param model? string
---@param reported? table
---@param made? { images?: integer, videos?: integer }
function usage.add(settings, model, reported, made)
  reported, made = reported or NOTHING, made or NOTHING
  model = model or type(reported.model) == "string" and reported.model or "unknown"
  charge(settings, model, reported)
  local counters = settings.usage
  while counters do
    counters.models[model] = counters.models[model] or new_sums()
    add_to(counters.models[model], reported, made)
    add_to(counters.sums, reported, made)
    counters = counters.parent
  end
end

--- Adds to the number of calls of that kind; a negative count takes back calls
--- that were not sent.
---@param settings table
---@param kind string
---@param count integer
function usage.count(settings, kind, count)
  local counters = settings.usage
  while counters do
    counters.calls[kind] = (counters.calls[kind] or 0) + count
    counters = counters.parent
  end
end

local function copy(fields)
  local made = {}
  for name, value in pairs(fields) do made[name] = value end
  return made
end

--- A copy of the counters.
---@return yuanjing.Usage
function usage.total(settings)
  local total = copy(settings.usage.sums)
  total.calls, total.models = copy(settings.usage.calls), {}
  for model, sums in pairs(settings.usage.models) do
    total.models[model] = copy(sums)
  end
  return total
end

--- New counters; everything added to them is added to the parent's too.
function usage.new(parent)
  return { parent = parent, calls = {}, models = {}, sums = new_sums() }
end

return usage
