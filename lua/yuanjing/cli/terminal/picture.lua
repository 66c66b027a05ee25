--- Shows pictures in the terminal if chafa is installed, and a link as a QR
-- code if qrencode is.
local ascii = require "yuanjing.base.ascii"
local shell = require "yuanjing.sandbox.shell"
local terminal = require "yuanjing.cli.terminal.terminal"

local picture = {}

local SHOWN = { png = true, jpg = true, jpeg = true, webp = true, gif = true }

-- $1 the file, $2 the columns. Does nothing without chafa.
local SHOW = [[
command -v chafa >/dev/null || exit 0
exec chafa --size="$2"x24 -- "$1"
]]

local function can_show()
  return shell.is_here and terminal.can_redraw(terminal.STDOUT)
end

--- Shows the files that are pictures, at a terminal only.
---@param files? string[]
function picture.show(files)
  if not can_show() then return end
  local width = tostring(math.min(80, terminal.width(terminal.STDOUT)))
  for _, path in ipairs(files or {}) do
    local extension = ascii.lower(path:match("%.([0-9A-Za-z]+)$") or "")
    if SHOWN[extension] then os.execute(shell.command(SHOW, path, width)) end
  end
end

-- $1 the text. Does nothing without qrencode.
local SHOW_CODE = [[
command -v qrencode >/dev/null || exit 0
exec qrencode -t ANSIUTF8 -m 1 -- "$1"
]]

--- Shows a link as a QR code for a phone's camera, at a terminal only.
---@param link string
function picture.show_link(link)
  if not can_show() then return end
  os.execute(shell.command(SHOW_CODE, link))
end

return picture
