--- Has a text spoken: the parameters, the call, and its answer as a speech.
local media = require "yuanjing.base.media"
local params = require "yuanjing.speech.params"
local protocols = require "yuanjing.protocol"
local speech = require "yuanjing.speech.speech"
local wire = require "yuanjing.protocol.speech.call"

local speak = {}

---@class yuanjing.SpeakParams
---@field text string what is said
---@field model string
---@field voice? string whose voice, as the model calls it
---@field speed? number how many times as fast as usual
---@field emotion? string
---@field category? string tts when not given
---@field [string] any goes out untouched

local TYPES = { text = "string", model = "string", voice = "string",
  category = "string" }

local function problems_of(settings, given)
  if not settings.validate then return {} end
  local text = wire.FIELDS.text
  local needed = given[text] == nil and { "model", "text" } or { "model" }
  local problems = params.problems(given, TYPES, needed)
  for name, other in pairs(wire.FIELDS) do
    if given[name] ~= nil and given[other] ~= nil then
      problems[#problems + 1] = ("%s, %s: give one of them"):format(name, other)
    end
  end
  local place = media.place_in(given, "params")
  if place then
    problems[#problems + 1] = place .. ": a file can not go out inside JSON"
  end
  return problems
end

--- See Client:speak.
---@param settings table
---@param given yuanjing.SpeakParams
---@return yuanjing.Speech?
---@return yuanjing.Error?
function speak.call(settings, given)
  local problems = problems_of(settings, given)
  if #problems > 0 then return params.refused("client:speak", problems) end
  local response, err = wire.speak(settings,
    params.fields(given, wire.CATEGORY, wire.FIELDS))
  if not response then return nil, err end
  return speech.new(response, protocols.of(settings),
    { model = given.model, format = wire.asked_format(given) })
end

return speak
