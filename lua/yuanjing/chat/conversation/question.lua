--- What a user asks, as a message: a text, and media with it. Media become plain
-- data here, so that a conversation can be written down; files are read when they
-- are sent.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local media = require "yuanjing.base.media"
local message = require "yuanjing.chat.message"

local question = {}

---@class yuanjing.Question: yuanjing.ChatParams
---@field [1] string|nil what is asked
---@field images? yuanjing.AnyMedium[] pictures to look at
---@field audios? yuanjing.AnyMedium[]
---@field videos? yuanjing.AnyMedium[]
---@field files? yuanjing.AnyMedium[] documents
---@field stream? boolean
---@field max_steps? integer
---@field on_event? fun(event: yuanjing.Event)

local LISTS = {}
for _, kind in ipairs(message.KINDS) do LISTS[kind .. "s"] = kind end

-- What does not belong to one question, and what is meant instead.
local ELSEWHERE = { prompt = "what is asked comes first: talk:ask { \"...\" }",
  messages = "talk.messages has what was said",
  tools = "give them to client:conversation",
  system = "give it to client:conversation",
  sys_prompt = "give it to client:conversation, as system" }
for kind, name in pairs { image = "images", audio = "audios", video = "videos",
  file = "files" } do
  ELSEWHERE[kind] = ("expected %s, a list"):format(name)
end

--- Adds what is wrong with the options of a question.
---@param options table
---@param problems string[]
function question.check(options, problems)
  for name, instead in pairs(ELSEWHERE) do
    if options[name] ~= nil then
      problems[#problems + 1] = ("%s: %s"):format(name, instead)
    end
  end
  table.sort(problems, ascii.less)
end

-- A medium as a part of plain data; nil and why not.
local function part_of(kind, medium)
  if type(medium) == "string" then return { type = kind, [kind] = medium } end
  local plain, problem = media.plain(medium)
  if not plain then return nil, problem end
  return { type = kind, [kind] = plain.text, name = plain.name,
    media_type = plain.type }
end

local function list_of(value)
  if value == nil then return {} end
  if type(value) ~= "table" or media.is(value) then return { value } end
  return value
end

local function add_media(parts, given, problems)
  for _, kind in ipairs(message.KINDS) do
    local name = kind .. "s"
    for n, medium in ipairs(list_of(given[name])) do
      local part, problem = part_of(kind, medium)
      parts[#parts + 1] = part
      problems[#problems + 1] = problem
        and ("%s[%d]: %s"):format(name, n, problem)
    end
  end
end

-- Everything but what is said.
local function options_of(given)
  local options = {}
  for name, value in pairs(given) do
    if name ~= 1 and not LISTS[name] then options[name] = value end
  end
  return options
end

--- The message of a question and the rest of it; or nil and what is wrong.
---@param given string|yuanjing.Question
---@return yuanjing.Message?
---@return table|string[] options_or_problems
function question.read(given)
  if type(given) == "string" then given = { given } end
  local text, parts, problems = given[1], {}, {}
  if text ~= nil and type(text) ~= "string" then
    return nil, { "expected a text, got " .. type(text) }
  end
  question.check(given, problems)
  if text and core.utf8_error(text) then
    problems[#problems + 1] = "the text is not UTF-8"
  end
  if text and text ~= "" then parts[1] = { type = "text", text = text } end
  add_media(parts, given, problems)
  if #problems == 0 and #parts == 0 then problems[1] = "nothing is asked" end
  if #problems > 0 then return nil, problems end
  local is_text = #parts == 1 and parts[1].text
  return { role = "user", content = is_text or parts }, options_of(given)
end

return question
