-- Writes docs/yuanjing.1, the manual page, from the command's own help:
--   make docs
local exits = require "yuanjing.cli.exits"

local LUA = arg[-1]

local HEAD = [[
.\" Made from the command's own help by `make docs`.
.TH YUANJING 1 "" "yuanjing %s" "User Commands"
.SH NAME
yuanjing \- the 元境 platform from the command line
.SH SYNOPSIS
.B yuanjing
.I COMMAND
.RI [ OPTION ...]
.SH DESCRIPTION
Asks text models, makes images and videos, follows their tasks, and manages
real-person assets. Results go to stdout, everything else to stderr; progress is shown only at a
terminal. A file appears complete or not at all. A call that costs money is sent
at most once.
]]

local TAIL = [[
.SH ENVIRONMENT
.TP
.B YUANJING_API_KEY
The key. There is no option for it: everybody on a machine can see the
arguments of a command.
.TP
.BR YUANJING_BASE_URL ", " YUANJING_ASSET_URL
Other addresses of the platform, for example those of a sandbox.
.TP
.BR YUANJING_LANG ", " LC_ALL ", " LC_MESSAGES ", " LANG
The language of help, progress, questions and errors, by the first that is set:
zh, or English.
.TP
.B NO_COLOR
Set to anything: no colours.
.TP
.BR http_proxy ", " https_proxy ", " all_proxy ", " no_proxy
As for
.BR curl (1).
.SH FILES
.TP
.I ~/.config/yuanjing/config.json
Addresses, language, default models, and the key that
.B yuanjing login
keeps; below
.B XDG_CONFIG_HOME
if that is set. Options and the environment come before it.
.SH EXAMPLES
.nf
yuanjing chat "你是谁"
git diff | yuanjing chat "Review this:" -
yuanjing image -m wan2.2-t2i-plus "一只猫坐在月亮上" -o cat.png
yuanjing video -m viduq3-pro "从白天到夜晚" -o city.mp4 \e
  --first-frame day.jpg --last-frame night.jpg
yuanjing task 936759404378734592 -o city.mp4
.fi
.SH SEE ALSO
docs/cli.md and docs/models.md of the source tree.
]]

local function escape(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"))
end

local function help_of(words)
  local pipe = assert(io.popen(("YUANJING_LANG=en %s bin/yuanjing %s --help")
    :format(LUA, words)))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- The entries of a block: each label with its description.
local function entries(block)
  local list = {}
  for line in block:gmatch("[^\n]+") do
    local label, rest = line:match("^   (%S.-)%s%s+(%S.*)$")
    label = label or line:match("^   (%S.*)$")
    if label then
      list[#list + 1] = { label, rest or "" }
    elseif #list > 0 then
      local last = list[#list]
      last[2] = (last[2] .. " " .. line:match("^%s*(.*)$")):match("^ ?(.*)$")
    end
  end
  return list
end

-- Options that every command has are listed once.
local SHARED = { Connection = true, Output = true, ["Other options"] = true }
local HELP = "-h, --help"

local function print_block(title, block)
  local list = entries(block)
  if #list == 1 and list[1][1] == HELP then return end
  io.write(".PP\n", escape(title), ":\n")
  for _, entry in ipairs(list) do
    if entry[1] ~= HELP then
      io.write(".TP\n.B ", escape(entry[1]), "\n", escape(entry[2]), "\n")
    end
  end
end

local function blocks_of(help)
  local blocks = {}
  for paragraph in help:gsub("\n\n+", "\0"):gmatch("[^%z]+") do
    local title, block = paragraph:match("^([^\n]+):\n(.*)$")
    if title then blocks[#blocks + 1] = { title, block } end
  end
  return blocks
end

local function print_command(words)
  local help = help_of(words)
  local summary = help:match("\n\n([^\n]+)")
  local subcommands = {}
  io.write(".SS yuanjing ", escape(words), "\n", escape(summary), "\n")
  for _, block in ipairs(blocks_of(help)) do
    if block[1] == "Commands" then
      subcommands = entries(block[2])
    elseif not SHARED[block[1]] then
      print_block(block[1], block[2])
    end
  end
  for _, entry in ipairs(subcommands) do
    print_command(words .. " " .. entry[1])
  end
end

local function print_commands()
  io.write ".SH COMMANDS\n"
  for _, block in ipairs(blocks_of(help_of "")) do
    if block[1] == "Commands" then
      for _, entry in ipairs(entries(block[2])) do print_command(entry[1]) end
    end
  end
end

local function print_shared()
  io.write ".SH COMMON OPTIONS\nOf all commands that call the platform.\n"
  for _, block in ipairs(blocks_of(help_of "chat")) do
    if SHARED[block[1]] then print_block(block[1], block[2]) end
  end
end

local function print_exits()
  io.write ".SH EXIT STATUS\n"
  for _, row in ipairs(exits) do
    local kinds = table.concat(row.kinds, ", ")
    io.write((".TP\n.B %d\n%s%s\n"):format(row.status, escape(row.meaning),
      kinds ~= "" and " (" .. kinds .. ")" or ""))
  end
end

io.write(HEAD:format(require "yuanjing.version"))
print_commands()
print_shared()
print_exits()
io.write(TAIL)
