-- busted with the interpreter that runs this: the installed command is bound
-- to one Lua, or is a shell script.
require "busted.runner"({standalone = false})
