--- Reads callgrind's profiles.
local callgrind = {}

-- `(7) name` gives a name a number; later `(7)` means that name.
local function resolve(names, text)
  local id, name = text:match("^(%(%d+%)) ?(.*)$")
  if not id then return text end
  if name ~= "" then names[id] = name end
  return names[id]
end

local KINDS = { ob = "object", fn = "name", cob = "object", cfn = "name" }

-- The instructions of a line, except those inside a call.
local function own_cost(line, is_call)
  return not is_call and tonumber(line:match("^[%d%+%-%*]%S* (%d+)"))
end

--- Calls on_cost(object, function, instructions) for each line of a profile;
--- the object is the file's name.
---@param path string
---@param on_cost fun(object: string, name: string, instructions: integer)
function callgrind.read(path, on_cost)
  local names = { object = {}, name = {} }
  local now, is_call = {}, false
  for line in io.lines(path) do
    local key, text = line:match("^(%l+)=(.*)")
    if KINDS[key] then now[key] = resolve(names[KINDS[key]], text) end
    local cost = own_cost(line, is_call)
    if cost then on_cost(now.ob:match("[^/]*$"), now.fn, cost) end
    is_call = key == "calls"
  end
end

--- The trigger of a profile that was requested by name, or nil.
---@param path string
---@return string?
function callgrind.name(path)
  for line in io.lines(path) do
    local name = line:match("^desc: Trigger: Client Request: (.*)")
    if name or line:match("^fn=") then return name end
  end
end

return callgrind
