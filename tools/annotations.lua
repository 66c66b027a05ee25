-- Reads the LuaLS annotations of a file, strictly. A language server ignores a
-- misspelt tag, an unfinished type or a parameter that the function does not
-- have; here each is an error, with its line.
local annotations = {}

-- Types --------------------------------------------------------------------

-- Each parser takes the text and a position and returns the position after what
-- it read; it raises if something else stands there. `names` collects the types
-- that occur.
local parse_type

local function missed(text, at, wanted)
  error(("expected %s at %q"):format(wanted, text:sub(at)), 0)
end

local function skip(text, at)
  return text:find("[^ ]", at) or #text + 1
end

-- The position after the symbol and its blanks; nil if something else is there.
local function past(text, at, symbol)
  if text:sub(at, at + #symbol - 1) == symbol then
    return skip(text, at + #symbol)
  end
end

local function need(text, at, symbol)
  return past(text, at, symbol) or missed(text, at, symbol)
end

-- item, item, ... up to the closing symbol.
local function parse_list(text, at, closing, parse_item)
  at = skip(text, at)
  if past(text, at, closing) then return at + #closing end
  repeat
    at = skip(text, parse_item(text, at))
    local comma = past(text, at, ",")
    at = comma or at
  until not comma
  need(text, at, closing)
  return at + #closing
end

local function parse_parameter(names)
  return function(text, at)
    local stop = text:match("^%.%.%.()", at)
      or text:match("^[%a_][%w_]*%??()", at)
      or missed(text, at, "a parameter's name")
    local typed = past(text, skip(text, stop), ":")
    return typed and parse_type(text, typed, names) or stop
  end
end

local function parse_function(text, at, names)
  at = parse_list(text, at, ")", parse_parameter(names))
  local typed = past(text, at, ":")
  if not typed then return at end
  repeat
    at = text:match("^%.%.%.()", typed) or parse_type(text, typed, names)
    typed = past(text, at, ",")
  until not typed
  return at
end

local function parse_field(names)
  return function(text, at)
    local key = past(text, at, "[")
    if key then
      at = need(text, parse_type(text, key, names), "]")
    else
      at = text:match("^[%a_][%w_]*%??()", at)
        or missed(text, at, "a field's name")
    end
    return parse_type(text, need(text, skip(text, at), ":"), names)
  end
end

local function parse_name(text, at, names)
  local name, stop = text:match("^([%a_][%w_.*-]*)()", at)
  if not name then missed(text, at, "a type") end
  if name == "fun" and text:sub(stop, stop) == "(" then
    return parse_function(text, stop + 1, names)
  end
  names[#names + 1] = name
  if text:sub(stop, stop) ~= "<" then return stop end
  return parse_list(text, stop + 1, ">", function(inner, from)
    return parse_type(inner, from, names)
  end)
end

local function parse_unit(text, at, names)
  local literal = text:match('^"[^"]*"()', at) or text:match("^'[^']*'()", at)
    or text:match("^%-?%d+()", at)
  if literal then return literal end
  local inner = past(text, at, "(")
  if inner then return need(text, parse_type(text, inner, names), ")") end
  inner = past(text, at, "{")
  if inner then return parse_list(text, inner, "}", parse_field(names)) end
  return parse_name(text, at, names)
end

function parse_type(text, at, names)
  at = parse_unit(text, at, names)
  while true do
    local stop = text:match("^%[%]()", at) or text:match("^%?()", at)
    if not stop then break end
    at = stop
  end
  local more = past(text, skip(text, at), "|")
  return more and parse_type(text, more, names) or at
end

-- A type at the start of a text: the type, the rest, the names in it.
local function type_of(text)
  local names = {}
  local stop = parse_type(text, 1, names)
  local rest = text:sub(stop)
  if rest ~= "" and not rest:find("^ ") then
    missed(text, stop, "a blank behind the type")
  end
  return { text = text:sub(1, stop - 1), names = names,
    about = rest:gsub("^ +#? *", "") }
end

-- Tags ---------------------------------------------------------------------

-- Each takes the block so far and the text behind the tag.
local TAGS = {}

local function flag(name)
  TAGS[name] = function(block) block[name] = true end
end

for _, name in ipairs { "nodiscard", "private", "async", "meta" } do
  flag(name)
end

function TAGS.class(block, text)
  local rest, is_exact = text:gsub("^%(exact%) ", "")
  local name, after = rest:match("^([%a_][%w_.]*)(.*)$")
  if not name then missed(text, 1, "a class's name") end
  local class = { name = name, is_exact = is_exact == 1, fields = {},
    names = {} }
  local parent = after:match("^: ?(.*)$")
  if parent then
    local given = type_of(parent)
    class.parent, class.names, after = given.text, given.names, given.about
  end
  class.about, class.prose = after:gsub("^ ", ""), block.prose
  block.class, block.last = class, class
end

function TAGS.field(block, text)
  if not block.class then error("a field of no class", 0) end
  local shown, hidden = text:gsub("^private ", "")
  local name, rest = shown:match("^(%[[^%]]+%]) (.*)$")
  if not name then name, rest = shown:match("^([%a_][%w_]*%??) (.*)$") end
  if not name then missed(text, 1, "a field's name and type") end
  local field = type_of(rest)
  field.name, field.is_hidden = name, hidden > 0
  block.class.fields[#block.class.fields + 1] = field
  block.last = field
end

function TAGS.param(block, text)
  local name, rest = text:match("^([%a_][%w_]*%??) (.*)$")
  if not name then name, rest = text:match("^(%.%.%.) (.*)$") end
  if not name then missed(text, 1, "a parameter's name and type") end
  local param = type_of(rest)
  param.name = name
  block.params[#block.params + 1], block.last = param, param
end

TAGS["return"] = function(block, text)
  local given = type_of(text)
  block.returns[#block.returns + 1], block.last = given, given
end

function TAGS.overload(block, text)
  local given = type_of(text)
  if not text:find("^fun%(") then missed(text, 1, "fun(") end
  block.overloads[#block.overloads + 1], block.last = given, given
end

function TAGS.alias(block, text)
  local name, rest = text:match("^([%a_][%w_.]*) ?(.*)$")
  if not name then missed(text, 1, "an alias's name") end
  local alias = { name = name, values = {}, names = {}, about = "",
    prose = block.prose }
  if rest ~= "" then
    local given = type_of(rest)
    alias.text, alias.names, alias.about = given.text, given.names, given.about
  end
  block.alias, block.last = alias, alias
end

function TAGS.type(block, text) block.types = { type_of(text) } end

-- "T", "T: parent", "T, U": types that only this block has.
function TAGS.generic(block, text)
  for item in text:gmatch("[^,]+") do
    local name = item:match("^%s*([%a_][%w_]*)")
      or missed(item, 1, "a generic's name")
    block.generics[name] = true
  end
end

-- "---| type # what it means", a line of an alias.
local function add_value(block, text)
  if not block.alias then error("a value of no alias", 0) end
  local value = type_of(text)
  table.insert(block.alias.values, value)
  block.last = value
end

-- Blocks -------------------------------------------------------------------

local function new_block(line)
  return { line = line, text = {}, params = {}, returns = {}, overloads = {},
    generics = {} }
end

-- A line of prose belongs to the tag above it, if there is one.
local function add_prose(block, text)
  if not block.last then
    block.text[#block.text + 1] = text
  else
    block.last.about = (block.last.about .. " " .. text):gsub("^ ", "")
  end
end

local function add_line(block, line)
  local tag, rest = line:match("^%-%-%-@(%a+) ?(.*)$")
  if tag then
    local read = TAGS[tag] or error("unknown tag @" .. tag, 0)
    return read(block, rest)
  end
  local value = line:match("^%-%-%-| ?(.*)$")
  if value then return add_value(block, value) end
  add_prose(block, line:match("^%-%-%- ?(.*)$"))
end

-- The names of a function's parameters.
local function names_in(list)
  local names = {}
  for name in list:gmatch("[^,%s]+") do names[#names + 1] = name end
  return names
end

local function function_in(line)
  local name, list = line:match("^function ([%w_.:]+)%((.*)%)")
  if not name then
    name, list = line:match("^local function ([%w_]+)%((.*)%)")
  end
  if not name then return nil end
  return { name = name, takes = names_in(list) }
end

-- Whether the function that starts at a line has a `return` with a value.
local function gives(lines, at)
  if lines[at]:find("%send$") then return lines[at]:find("return %S") ~= nil end
  for n = at + 1, #lines do
    if lines[n]:find("^end") then return false end
    if lines[n]:find("^  [^-]*return [^e]") or lines[n]:find("^  return e[^n]")
    then
      return true
    end
  end
end

local function finish(found, block, lines, at)
  local made = function_in(lines[at] or "")
  if made then
    made.doc, made.line, made.gives = block, at, gives(lines, at)
    found.functions[#found.functions + 1] = made
  end
end

-- Adds the class or alias of a block when the next one begins. The class belongs
-- to the table that the next line makes.
local function settle(found, block, behind)
  if block.class then
    block.class.line = block.line
    block.class.owner = behind:match("^local ([%w_]+) = ")
    found.classes[#found.classes + 1] = block.class
  end
  if block.alias then
    block.alias.line = block.line
    found.aliases[#found.aliases + 1] = block.alias
  end
  block.class, block.alias, block.last = nil, nil, nil
end

local function is_start(line)
  return line:find("^%-%-%-@class ") or line:find("^%-%-%-@alias ")
end

-- The type of a table continues on the next lines until its brace is closed.
local function is_open(line)
  local _, opened = line:gsub("{", "")
  local _, closed = line:gsub("}", "")
  return line:find("^%-%-%-@") ~= nil and opened > closed
end

local function read_line(found, block, line)
  if block.open then
    line = block.open .. " " .. line:match("^%-%-%- ?(.*)$")
  end
  block.open = is_open(line) and line or nil
  if block.open then return end
  if is_start(line) then
    settle(found, block, "")
    block.prose, block.text = table.concat(block.text, " "), {}
  end
  add_line(block, line)
end

-- At the end of a block no type may be unfinished.
local function close(block)
  if block.open then add_line(block, block.open) end
end

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

--- The annotations of a file; raises what is wrong with them.
---@param path string
---@return table found functions, classes, aliases and all blocks, each with its line
function annotations.read(path)
  local found = { path = path, functions = {}, classes = {}, aliases = {},
    blocks = {} }
  local lines, block = lines_of(path), nil
  local function try(at, f, ...)
    local ok, problem = pcall(f, ...)
    if not ok then error(("%s:%d: %s"):format(path, at, problem), 0) end
  end
  for at = 1, #lines + 1 do
    local line = (lines[at] or ""):gsub("^%s+", "")
    if line:find("^%-%-%-") and not line:find("^%-%-%-%-") then
      block = block or new_block(at)
      try(at, read_line, found, block, line)
    elseif block then
      try(at - 1, close, block)
      settle(found, block, lines[at] or "")
      found.blocks[#found.blocks + 1] = block
      finish(found, block, lines, at)
      block = nil
    else
      finish(found, new_block(at), lines, at)
    end
  end
  return found
end

return annotations
