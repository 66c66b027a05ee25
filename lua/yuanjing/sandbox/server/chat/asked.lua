--- Reads a chat request: a prompt, `messages`, or a form with files.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"
local request = require "yuanjing.sandbox.server.request"

local asked = {}

---@class yuanjing.sandbox.Said one message
---@field role string
---@field text string
---@field pictures string[] addresses and data URIs
---@field calls table[] as on the wire
---@field call_id? string the call that a tool's message answers

---@class yuanjing.sandbox.Asked
---@field model string
---@field prompt string what the user said last
---@field system string
---@field messages yuanjing.sandbox.Said[] without the system's
---@field pictures yuanjing.sandbox.Sight[] that came as files
---@field tools table[] { name, description, parameters }
---@field tool_choice? any
---@field response_format? table
---@field limit? integer tokens at most
---@field stops string[] texts that end the answer
---@field tool_tokens integer what the tools take of the prompt
---@field overrides table a scenario's
---@field stream boolean
---@field latency number

---@class yuanjing.sandbox.Sight
---@field url? string where it is, or a data URI
---@field bytes? string of a file

-- Messages -----------------------------------------------------------------

local function is_list(value)
  return type(value) == "table" and value ~= json.null and not getmetatable(value)
end

local function is_object(value)
  return type(value) == "table" and value ~= json.null and
    getmetatable(value) ~= nil
end

local function url_of(part)
  local holder = part.image_url
  local url = is_object(holder) and holder.url or holder
  return type(url) == "string" and url or nil
end

-- A message's content: a text, or a list of parts some of which are texts.
local function plain(content)
  if content == json.null then return "" end
  if type(content) ~= "table" then return tostring(content or "") end
  local out = {}
  for _, part in ipairs(content) do
    if type(part) == "table" and type(part.text) == "string" then
      out[#out + 1] = part.text
    end
  end
  return table.concat(out, " ")
end

local function pictures_in(content)
  local urls = {}
  for _, part in ipairs(is_list(content) and content or {}) do
    urls[#urls + 1] = is_object(part) and url_of(part) or nil
  end
  return urls
end

local function read_message(message)
  return { role = message.role, text = plain(message.content),
    pictures = pictures_in(message.content), call_id = message.tool_call_id,
    calls = is_list(message.tool_calls) and message.tool_calls or {} }
end

-- `messages` replaces the prompt.
local function read_messages(self, messages)
  for _, message in ipairs(messages) do
    if is_object(message) then
      local said = read_message(message)
      if said.role == "system" then
        self.system = said.text
      else
        self.messages[#self.messages + 1] = said
      end
      if said.role == "user" then self.prompt = said.text end
    end
  end
end

--- The prompt of a request: the last user's message, if there are messages.
---@param fields table
---@return string
function asked.prompt(fields)
  local self = { messages = {}, prompt = plain(fields.prompt) }
  if is_list(fields.messages) then read_messages(self, fields.messages) end
  return self.prompt
end

-- Files --------------------------------------------------------------------

local MEDIA = { "image_file", "video_file", "audio_file" }

-- A model that looks at pictures heeds the prompt alone.
local function has_media(seen)
  for _, name in ipairs(MEDIA) do
    if request.is_true(seen.fields[name]) then return true end
  end
  return #seen.files > 0
end

local function media_refusal(seen)
  if seen.form and seen.form.problem then
    return play.fail(400, "Malformed multipart body: " .. seen.form.problem)
  elseif seen.fields.catelogid ~= "tm2t" then
    return play.fail(400, "Files need the catelogid tm2t")
  end
end

local function sights(seen)
  local list, given = {}, seen.fields.image_file
  for n, file in ipairs(seen.files) do
    if file.name:find("^image") then
      list[#list + 1] = { bytes = seen.form and seen.form.contents[n] }
    end
  end
  for _, url in ipairs(is_list(given) and given or { given }) do
    if type(url) == "string" then list[#list + 1] = { url = url } end
  end
  return list
end

-- Tools and limits ---------------------------------------------------------

local function tools_in(list)
  local tools = {}
  for _, item in ipairs(is_list(list) and list or {}) do
    local called = is_object(item) and item["function"]
    if is_object(called) and type(called.name) == "string" then
      tools[#tools + 1] = { name = called.name,
        description = plain(called.description),
        parameters = is_object(called.parameters) and called.parameters or
          json.record() }
    end
  end
  return tools
end

local BYTES_A_TOKEN = 4 -- of JSON

local function stops_in(stop)
  if type(stop) == "string" then stop = { stop } end
  local stops = {}
  for _, text in ipairs(is_list(stop) and stop or {}) do
    if type(text) == "string" and text ~= "" then stops[#stops + 1] = text end
  end
  return stops
end

local function read_options(self, fields)
  self.tools = tools_in(fields.tools)
  self.tool_choice = fields.tool_choice
  self.tool_tokens = #self.tools == 0 and 0 or
    math.ceil(#json.encode(fields.tools) / BYTES_A_TOKEN)
  self.response_format = is_object(fields.response_format) and
    fields.response_format or nil
  self.limit = tonumber(fields.max_completion_tokens or fields.max_tokens)
  self.stops = stops_in(fields.stop)
end

-- All of it ----------------------------------------------------------------

-- What the user says | nil, the refusal.
local function read_words(self, seen)
  local fields = seen.fields
  if is_list(fields.messages) and #fields.messages > 0 then
    read_messages(self, fields.messages)
    self.prompt = self.prompt or ""
    return true
  end
  local prompt, refusal = request.required(seen, "prompt")
  if not prompt then return nil, refusal end
  self.prompt = plain(prompt)
  self.messages[1] = { role = "user", text = self.prompt, calls = {},
    pictures = {} }
  return true
end

--- What is asked | nil, the refusal. The order of the checks is the platform's.
---@param seen yuanjing.sandbox.Seen
---@return yuanjing.sandbox.Asked? asked
---@return yuanjing.sandbox.Play? refusal
function asked.read(seen)
  local fields = seen.fields
  local self = { latency = seen.latency, messages = {}, pictures = {},
    system = plain(fields.sys_prompt), overrides = seen.overrides or {},
    stream = request.is_true(fields.stream) }
  if has_media(seen) then
    local refusal = media_refusal(seen)
    if refusal then return nil, refusal end
    fields.messages, self.pictures = nil, sights(seen)
  end
  local ok, refusal = read_words(self, seen)
  if not ok then return nil, refusal end
  local model
  model, refusal = request.required(seen, "model")
  if not model then return nil, refusal end
  self.model = tostring(model)
  read_options(self, fields)
  return self
end

return asked
