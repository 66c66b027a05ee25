--- A list of everything that is wrong with the parameters of a call. Each fault has
-- a text for people, and names its parameter for programs.

---@class yuanjing.Fault
---@field parameter? string its name as the user gave it; nil if several are wrong together
---@field index? integer the item of a list
---@field text string what is wrong

---@class yuanjing.Faults
---@field [integer] yuanjing.Fault
---@field private validate boolean
local Faults = {}
Faults.__index = Faults

local faults = {}

--- An empty list. It ignores doubts unless `validate` is true.
---@param validate boolean
---@return yuanjing.Faults
function faults.new(validate)
  return setmetatable({ validate = validate }, Faults)
end

--- Adds a fault: the call can not be sent.
---@param place string|{ parameter: string, index: integer }|nil
---@param format string
---@param ... any
function Faults:add(place, format, ...)
  local fault = { text = format:format(...) }
  if type(place) == "table" then
    fault.parameter, fault.index = place.parameter, place.index
  else
    fault.parameter = place
  end
  self[#self + 1] = fault
end

--- Adds a doubt: the platform would probably refuse the call.
---@param place string|{ parameter: string, index: integer }|nil
---@param format string
---@param ... any
function Faults:doubt(place, format, ...)
  if self.validate then self:add(place, format, ...) end
end

local function text_of(fault)
  if not fault.parameter then return fault.text end
  local index = fault.index and ("[%d]"):format(fault.index) or ""
  return fault.parameter .. index .. ": " .. fault.text
end

--- The faults as texts: "first_frame: needed".
---@return string[]
function Faults:problems()
  local problems = {}
  for n, fault in ipairs(self) do problems[n] = text_of(fault) end
  return problems
end

--- As fields of an error.
---@return { message: string, problems: string[], faults: yuanjing.Fault[] }
function Faults:fields()
  local list, problems = {}, self:problems()
  for n, fault in ipairs(self) do list[n] = fault end
  return { kind = "invalid_request", attempts = 0, problems = problems,
    message = table.concat(problems, "; "), faults = list }
end

return faults
