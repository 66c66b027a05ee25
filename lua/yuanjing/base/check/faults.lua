--- All that is wrong with the parameters of a call, found in one go: texts for
-- people, and the parameter that each of them is about for programs.

---@class yuanjing.Fault
---@field parameter? string the name it was given by; nil: it is about several
---@field index? integer which item of a list
---@field text string what is wrong with it

---@class yuanjing.Faults
---@field [integer] yuanjing.Fault
---@field private validate boolean
local Faults = {}
Faults.__index = Faults

local faults = {}

--- A list of faults. Doubts are none unless `validate`.
---@param validate boolean
---@return yuanjing.Faults
function faults.new(validate)
  return setmetatable({ validate = validate }, Faults)
end

--- Adds what can not go out at all.
---@param place string|{ parameter: string, index: integer }|nil the parameter
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

--- Adds what the platform would refuse, as far as is known.
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
