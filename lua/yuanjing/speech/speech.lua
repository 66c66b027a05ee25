--- A spoken text: its sound, to be saved or to be read as it comes. Its bytes are
-- kept nowhere, so they are read once.
local answer = require "yuanjing.speech.answer"
local check = require "yuanjing.base.check"
local errors = require "yuanjing.errors"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local sound = require "yuanjing.speech.sound"
local task = lazy.module "yuanjing.task.task"
local saving = lazy.module "yuanjing.speech.saving"
local wire = require "yuanjing.protocol.speech.call"

local speech = {}

---@class yuanjing.Speech
---@field model? string
---@field format? string "wav", "mp3", "pcm" ...; nil: nothing tells it
---@field sample_rate? integer where the sound or the answer tells it
---@field channels? integer
---@field bits? integer of a sample
---@field usage? table what the platform said was used; known at the end
---@field raw? table the last document of an answer in JSON, without its sound
---@field private _call yuanjing.Call
---@field private _response yuanjing.Response
---@field private _answer yuanjing.SpeechAnswer
---@field private _sound yuanjing.Sound
---@field private _is_read? boolean somebody has begun to read it
---@field private _over? boolean its end or its error has been told
---@field private _err? yuanjing.Error
---@field private _closed? boolean
---@field private _protocol table of its client
local methods = {}
local Speech = {}

local OF_SOUND = { format = true, sample_rate = true, channels = true,
  bits = true }
local OF_ANSWER = { usage = true, raw = true }

function Speech:__index(name)
  if OF_SOUND[name] then return rawget(self, "_sound")[name] end
  if OF_ANSWER[name] then return rawget(self, "_answer")[name] end
  return methods[name]
end

-- However it ended, another call may have its place.
local function finish(self, is_whole)
  if self._over then return end
  self._over = true
  self._call:over(self._response.status, self._answer.usage, is_whole)
  self._answer:close()
  if is_whole then
    loop.linger(self._response.transfer)
  else
    self._response.transfer:close()
  end
end

-- The task that the platform made instead: it may be awaited.
local function with_task(self, err)
  if err.task and not getmetatable(err.task) then
    err.task = task.new(self._call.settings, self._protocol, err.task,
      { model = self.model, submitted = loop.now() })
  end
  return err
end

local function fail(self, failure)
  finish(self, false)
  local err = failure
  if not errors.is(failure) then
    err = select(2, wire.failed(failure, self._response))
  end
  self._err = with_task(self, err)
  return nil, self._err
end

local function interrupted(self)
  self._err = self._call:fail { kind = "cancelled",
    message = "the speech was closed meanwhile" }
  return nil, self._err
end

-- The next bytes; nil at the end; nil and an error.
local function next_bytes(self)
  self._is_read = true
  if self._over then return nil, self._err end
  local bytes, failure = self._sound:next()
  if self._closed then return interrupted(self) end
  if failure then return fail(self, failure) end
  if not bytes then finish(self, true) end
  return bytes
end

local function check_open(self, level)
  if self._closed then error("the speech is closed", level + 1) end
end

--- For a loop: the bytes of the sound as they come, decoded, until the end. They
--- are whole samples; of a WAV file the first ones are its header, as it came.
--- Raises an error where the sound breaks off: what came before it is good. It can
--- be read once. Error kinds: truncated, timeout, transport, platform, decode, io.
---@return fun(): string?
function methods:chunks()
  check_open(self, 2)
  return function()
    check_open(self, 2)
    local bytes, err = next_bytes(self)
    if err then error(err, 0) end
    return bytes
  end, nil, nil, self
end

---@class (exact) yuanjing.SpeechSaveOptions
---@field on_progress? fun(received: integer, total: integer?) bytes; the total is rarely known

local SAVE_OPTIONS = { on_progress = "function" }

--- Saves the sound, whole or not at all: the bytes go to a file of another name
--- beside the target, which gets its name when all is there. The lengths in a WAV
--- file's header are put right. A folder gets a file called speech, with the
--- extension of its content. Error kinds: io (the file), and those of chunks().
---@param path string
---@param options? yuanjing.SpeechSaveOptions
---@return string? path of the file
---@return yuanjing.Error? err
function methods:save(path, options)
  check_open(self, 2)
  options = options or {}
  if type(path) ~= "string" or path == "" then
    error("save: expected a path", 2)
  end
  check.options("save", options, SAVE_OPTIONS)
  if self._is_read then error("save: the sound has been read already", 2) end
  return saving.save({ sound = self._sound, answer = self._answer,
    next = function() return next_bytes(self) end }, path, options)
end

--- Ends the transfer at once. After its end nothing is left to close.
function methods:close()
  if self._over or self._closed then return end
  self._closed, self._over = true, true
  self._call:over(self._response.status, self._answer.usage, false)
  loop.close(self._response.transfer)
  self._answer:close()
end

Speech.__close = methods.close

function Speech:__tostring()
  local state = rawget(self, "_closed") and "closed"
    or rawget(self, "_err") and "failed" or rawget(self, "_over") and "ended"
    or "open"
  return ("yuanjing.Speech (%s)"):format(state)
end

--- A speech over the answer to its call, once the first of its sound is here; or
--- nil and an error.
---@param response yuanjing.Response
---@param protocol table
---@param asked { model?: string, format?: string }
---@return yuanjing.Speech?
---@return yuanjing.Error?
function speech.new(response, protocol, asked)
  local made = answer.new(response)
  local heard = sound.new(function() return made:next() end, asked.format)
  made.sound = heard
  local self = setmetatable({ model = asked.model, _call = response.call,
    _response = response, _answer = made, _sound = heard, _protocol = protocol },
    Speech)
  local ok, failure = made:begin()
  if ok and not made.url then ok, failure = heard:begin() end
  if not ok then return fail(self, failure) end
  return self
end

return speech
