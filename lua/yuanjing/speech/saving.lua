--- A spoken text as a file, whole or not at all (docs/promises.md#no-torn-file).
local errors = require "yuanjing.errors"
local loop = require "yuanjing.runtime.loop"
local new_name = require "yuanjing.base.random_name"
local target_of = require "yuanjing.task.download.target"
local types = require "yuanjing.base.media.types"
local wav = require "yuanjing.speech.wav"

local saving = {}

---@class yuanjing.SpeechSource what there is to be saved
---@field sound yuanjing.Sound
---@field answer yuanjing.SpeechAnswer
---@field next fun(): string?, yuanjing.Error?

---@class yuanjing.SpeechSave
---@field private source yuanjing.SpeechSource
---@field private target yuanjing.SaveTarget
---@field private part string the name until it is whole
---@field private file? yuanjing.core.File under that name

local function io_error(what, problem)
  return errors.new { kind = "io", message = what .. ": " .. problem }
end

local function part_of(target)
  if not target.is_folder then return target_of.part(target.real) end
  return target_of.part(target.path .. "speech-" .. new_name())
end

-- All of the sound, into the file of another name.
local function write(state, on_progress)
  local received = 0
  local bytes, err = state.source.next()
  while bytes do
    local ok, problem = state.file:append(bytes)
    if not ok then return nil, io_error(state.part, problem) end
    received = received + #bytes
    if on_progress then on_progress(received) end
    bytes, err = state.source.next()
  end
  return not err and received or nil, err
end

-- The lengths in the header are known now.
local function mend(state, size)
  local header = state.source.sound.header
  if not header then return true end
  local ok, problem = wav.mend(state.file, header, size)
  return ok, problem and io_error(state.part, problem)
end

local function keep(state)
  local target = state.target
  local path, real = target.path, target.real
  if target.is_folder then
    local name = types.match("speech", state.file:read(0, types.HEAD) or "",
      state.source.sound.type)
    path, real = target_of.in_folder(target.path, name, true)
  end
  local ok, problem = target_of.keep(state, real)
  if not ok then return nil, io_error(path, problem) end
  return path
end

local function write_and_keep(state, on_progress)
  local ok, problem = target_of.begin(state)
  if not ok then return nil, errors.new { kind = "io", message = problem } end
  local size, err = write(state, on_progress)
  if not size then return nil, err end
  ok, err = mend(state, size)
  if not ok then return nil, err end
  return keep(state)
end

--- Saves it; the path of the file. What on_progress raises goes through it.
---@param source yuanjing.SpeechSource
---@param path string a file, or a folder
---@param options yuanjing.SpeechSaveOptions
---@return string? path
---@return yuanjing.Error? err
function saving.save(source, path, options)
  local target, problem = target_of.of(path)
  if not target then
    return nil, errors.new { kind = "io", message = problem }
  end
  local state = { source = source, target = target, part = part_of(target) }
  local is_elsewhere = source.answer.url ~= nil
  source.answer.on_progress = is_elsewhere and options.on_progress or nil
  loop.scope_add(state, target_of.give_up) -- a request that nginx kills raises nothing
  local ok, saved, err = pcall(write_and_keep, state,
    not is_elsewhere and options.on_progress or nil)
  target_of.give_up(state)
  if not ok then error(saved, 0) end
  if not saved then return nil, err end
  return saved
end

return saving
