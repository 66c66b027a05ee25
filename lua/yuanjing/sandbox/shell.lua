--- The shell, for system calls that Lua does not have.
local shell = {}

--- Whether this system has one.
shell.is_here = package.config:sub(1, 1) == "/"

--- Quotes a text as one word of a command line.
---@param text string
---@return string
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- A command line that runs `script` with its arguments as $1, $2, ...
--- `exec`, so that the script's $PPID is this process.
---@param script string
---@param ... string
---@return string
function shell.command(script, ...)
  local words = { "exec sh -c", shell.quote(script), "yuanjing-sandbox" }
  for _, argument in ipairs { ... } do
    words[#words + 1] = shell.quote(argument)
  end
  return table.concat(words, " ")
end

--- The output of a script; "" if a signal interrupted the wait for it.
---@param script string
---@param ... string
---@return string
function shell.read(script, ...)
  local pipe = assert(io.popen(shell.command(script, ...), "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text or ""
end

return shell
