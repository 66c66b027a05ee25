--- The answer to a spoken text, as bytes of sound: the body itself; or what stands
-- in its JSON, one document or many; or what is under a URL in it. Reads as far as
-- it is asked, so a slow reader slows the sender down.
local coding = require "yuanjing.speech.coding"
local core = require "yuanjing.core"
local download = require "yuanjing.task.download"
local documents = require "yuanjing.protocol.speech.document"
local exchange = require "yuanjing.http.exchange"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local loop = require "yuanjing.runtime.loop"
local speech = require "yuanjing.protocol.speech.call"
local texts = require "yuanjing.protocol.chat.call"
local types = require "yuanjing.base.media.types"

local LIMIT = 64 * 2 ^ 20 -- bytes of one document
local BLOCK = 65536 -- bytes of a file that are read at a time

---@class yuanjing.SpeechAnswer
---@field usage? table
---@field raw? table the last document, without its sound
---@field url? string where the sound is
---@field sound yuanjing.Sound is told what the documents say of it
---@field on_progress? fun(received: integer, total: integer?) of what is under the URL
---@field private response yuanjing.Response
---@field private transfer yuanjing.core.Transfer
---@field private take fun(self: yuanjing.SpeechAnswer): string?, table? the way of this answer
---@field private head string bytes that have been looked at
---@field private decoder? yuanjing.core.Decoder
---@field private queue table[] sounds in texts, which are not read yet
---@field private reader? fun(): string? of the text that is read now
---@field private has_pieces? boolean sound has come
---@field private is_events? boolean
---@field private last? yuanjing.SpeechPart
---@field private file? yuanjing.core.File what was under the URL
---@field private path? string
---@field private is_over? boolean the documents are
---@field private is_closed? boolean
---@field private at integer in the file
local Answer = {}
Answer.__index = Answer

local answer = {}

-- Bytes ----------------------------------------------------------------------

-- The next bytes of the body; nil: there are no more.
local function receive(self)
  while true do
    local bytes = self.transfer:read()
    if bytes then return bytes end
    if loop.wait(self.transfer) or self.is_closed then return nil end
  end
end

-- Why the transfer ended before the body did; nil: it did not.
local function broken(self)
  local failure = exchange.failure(self.transfer, self.response.call.request)
  if failure then failure.is_break = true end
  return failure
end

local function take_bytes(self)
  local bytes = self.head
  self.head = ""
  if bytes ~= "" then return bytes end
  bytes = receive(self)
  if bytes then return bytes end
  return nil, broken(self)
end

-- Documents --------------------------------------------------------------------

local function add_sounds(self, part)
  local is_known = part.is_repeated and self.has_pieces
  for _, found in ipairs(is_known and {} or part.sounds) do
    if found.coding ~= "url" then
      self.has_pieces = true
      self.queue[#self.queue + 1] = found
    elseif not self.has_pieces then
      self.url = found.text
    end
  end
end

local function take_document(self, document, is_named)
  local part, failure = documents.read(document, is_named)
  if not part then return failure end
  self.last, self.raw = part, part.rest
  self.usage = part.usage or self.usage
  self.sound:describe(part)
  add_sounds(self, part)
end

local function take_text(self, text, is_named)
  local list, failure = speech.documents(text)
  for _, document in ipairs(list or {}) do
    failure = failure or take_document(self, document, is_named)
  end
  return failure
end

-- Whether what came says that it is all. A stream of events has to; elsewhere the
-- end of the body does.
local function is_complete(self, event)
  local last = self.last
  if event == "done" or not last then return true end
  if self.is_events then return last.is_done end
  return not last.is_going_on
end

local function cut(message)
  return { kind = "truncated", message = message }
end

-- The verdict at the end of the documents; nil: all is well.
local VERDICTS = {
  bad = function(self, text)
    return take_text(self, text)
      or not self.has_pieces and not self.url and speech.silence(self.raw)
  end,
  cut = function(self, text)
    local failure = broken(self) or cut "the answer's JSON breaks off"
    failure.body = failure.body or text
    return failure
  end,
  too_large = function()
    return { kind = "decode", message = "an event is larger than the limit" }
  end,
  no_memory = function() return { kind = "io", message = "out of memory" } end,
}

local function whole(self, text, event)
  local failure = text and texts.read_aside(text)
  if failure then return failure end
  local is_told = event == "done" or self.last and self.last.is_end
  failure = not is_told and broken(self)
  if failure then return failure end
  if not self.has_pieces and not self.url then
    return speech.silence(self.raw)
  end
  if not is_complete(self, event) then
    return cut "the stream ended before its sound was complete"
  end
end

local function take_end(self, event, text)
  return (VERDICTS[event] or whole)(self, text, event)
end

-- The next document is looked at: true; false: there are no more; or nil and the
-- fields of an error.
local function read_on(self)
  while not self.is_over do
    local content, text, body, _, mark = self.decoder:next()
    local bytes = text == "pending" and receive(self)
    if content then
      local failure = take_text(self, text, mark == "failing")
      return not failure or nil, failure
    elseif bytes then
      self.decoder:feed(bytes)
    elseif self.is_closed then
      return false
    elseif text == "pending" then
      self.decoder:finish()
    else
      self.is_over = true
      local failure = take_end(self, text, body)
      return not failure and #self.queue > 0, failure
    end
  end
  return false
end

local function open_next(self)
  local found = table.remove(self.queue, 1)
  local reader, problem = coding.reader(found.coding, found.text)
  if reader then
    self.reader = reader
    return true
  end
  return nil, { kind = "decode", message =
    ("a piece of the sound is no good %s: %s"):format(found.coding, problem) }
end

local take_file

-- The next bytes of the sound in the documents.
local function take_coded(self)
  while true do
    local bytes = self.reader and self.reader()
    if bytes then return bytes end
    self.reader = nil
    local ok, failure
    if #self.queue > 0 then
      ok, failure = open_next(self)
    else
      ok, failure = read_on(self)
    end
    if failure then return nil, failure end
    if not ok then break end
  end
  if not self.url or self.has_pieces then return nil end
  self.take = take_file
  return take_file(self)
end

-- A URL ------------------------------------------------------------------------

-- Without the key, as any result (docs/promises.md#no-stray-key): to a file of its
-- own, which has no name any more when it is read.
local function fetch(self)
  local path = files.temporary()
  self.path = path
  loop.scope_add(self, self.close) -- a request that nginx kills raises nothing
  local ok, saved, err = pcall(download.save, self.response.call.settings,
    self.url, path, { on_progress = self.on_progress }, "audio")
  local file, problem
  if ok and saved then file, problem = core.open_to_read(path) end
  files.remove(path)
  if not ok then error(saved, 0) end
  if problem then
    err = errors.new { kind = "io", message = path .. ": " .. problem }
  end
  self.file, self.at = file, 0
  return file ~= nil or nil, err
end

take_file = function(self)
  if self.is_closed then return nil end
  if not self.file then
    local ok, err = fetch(self)
    if not ok then return nil, err end
  end
  local bytes, problem = self.file:read(self.at, BLOCK)
  if not bytes then return nil, { kind = "io", message = problem } end
  self.at = self.at + #bytes
  return bytes ~= "" and bytes or nil
end

-- Choosing -----------------------------------------------------------------------

-- As much as it takes to tell a sound from a text.
local function read_head(self)
  while #self.head < types.HEAD and not speech.is_text(self.head) do
    local bytes = receive(self)
    if not bytes then return end
    self.head = self.head .. bytes
  end
end

local function is_events(head)
  return head:gsub("^\239\187\191", ""):find("^[ \t-\r]*[a-z]*:") ~= nil
end

local function choose(self)
  read_head(self)
  local headers = self.response.headers
  if self.head ~= "" and speech.is_sound(headers, self.head) then
    self.sound:describe(speech.described(headers))
    self.take = take_bytes
  else
    self.is_events = is_events(self.head)
    self.decoder = core.decoder(LIMIT)
    self.decoder:watch()
    self.decoder:feed(self.head)
    self.head, self.take = "", take_coded
  end
end

--- Reads until there is something of the sound: true, or nil and the fields of an
--- error.
---@return true?
---@return table? failure
function Answer:begin()
  choose(self)
  if not self.decoder then return true end
  local ok, failure = true, nil
  while ok and #self.queue == 0 and not self.url do
    ok, failure = read_on(self)
  end
  return not failure or nil, failure
end

--- The next bytes of the sound; nil at the end; nil and the fields of an error.
---@return string?
---@return table? failure
function Answer:next()
  return self:take()
end

--- Gives back all it has.
function Answer:close()
  self.is_closed = true
  if self.decoder then self.decoder:close() end
  if self.file then self.file:close() end
  if self.path then files.remove(self.path) end -- where an open file keeps its name
  self.file, self.path = nil, nil
end

--- An answer that nothing has been read of.
---@param response yuanjing.Response
---@return yuanjing.SpeechAnswer
function answer.new(response)
  return setmetatable({ response = response, transfer = response.transfer,
    head = "", queue = {}, at = 0 }, Answer)
end

return answer
