--- The commands that a user types in a conversation: /save, /load, /undo, ...
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local turns = require "yuanjing.chat.conversation.turns"

local commands = {}

---@class yuanjing.cli.Conversation
---@field arguments table
---@field client yuanjing.Client
---@field talk yuanjing.Conversation
---@field images string[] that go with the next question
---@field keep? string the file that it is kept in
---@field is_typed boolean at a terminal
---@field judge fun(status: integer, reply: any): integer

-- Prints a note, at a terminal only.
local function tell(self, text)
  if self.is_typed then output.note(text, "dim") end
end

local function said(problem) output.note("yuanjing: " .. tostring(problem)) end

local function needs_file(name, words)
  if words ~= "" then return true end
  output.note(("/%s FILE"):format(name))
  return false
end

local function save(self, path)
  if path == "" then path = self.keep or "" end
  if not needs_file("save", path) then return end
  local ok, err = self.talk:save(path)
  if not ok then return said(err) end
  self.keep = path
  tell(self, say("saved in %s", path))
end

local function load(self, path)
  if not needs_file("load", path) then return end
  local talk, err = self.client:conversation { load = path }
  if not talk then return said(err) end
  self.talk, self.keep = talk, path
  tell(self, say("%d messages", #talk.messages))
end

local function undo(self)
  local dropped = turns.undo(self.talk.messages)
  tell(self, #dropped > 0 and say "the last question and its answer are forgotten"
    or say "there is nothing to forget")
end

local function image(self, path)
  if not needs_file("image", path) then return end
  self.images[#self.images + 1] = path
  tell(self, say("%s goes with the next question", path))
end

local function help()
  output.note(say("/save FILE, /load FILE, /undo, /image FILE; Ctrl-C clears a "
    .. "line or stops an answer, Ctrl-D ends it"), "dim")
end

local BY_NAME = { save = save, load = load, undo = undo, image = image,
  help = help }

--- Runs a line that is a command. At a terminal an unknown command is not sent as a
--- question either.
---@param self yuanjing.cli.Conversation
---@param line string
---@return boolean done
function commands.run(self, line)
  local name, words = (line .. " "):match("^/([a-z]+)[ \t-\r]+(.-)[ \t-\r]*$")
  local run = name and BY_NAME[name]
  if run then
    run(self, words)
    return true
  end
  local is_mistyped = name ~= nil and self.is_typed
  if is_mistyped then help() end
  return is_mistyped
end

return commands
