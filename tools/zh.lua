-- The Chinese pages: docs/zh/ mirrors docs/, README.zh-CN.md mirrors README.md,
-- at the top and in the folders of examples/.
--
--   lua5.4 tools/zh.lua check         what is out of date; its status is 1 then
--   lua5.4 tools/zh.lua stamp FILE... says that FILE's sections are up to date
--
-- Both pages have the same headings, and in each section as many rows of tables
-- and the same code blocks: only comments in them may be translated. Under each
-- Chinese heading stands the hash of the English section that was translated,
-- `<!-- en: 1a2b3c4d -->`.

-- Pages that stay English: what is looked up by name, and what only those who
-- change the code read.
local ENGLISH_ONLY = { ["docs/reference.md"] = true, ["docs/faults.md"] = true,
  ["docs/libcurl.md"] = true, ["docs/platform.md"] = true,
  ["docs/promises.md"] = true }

-- `make docs` writes these in both languages.
local MADE = { ["docs/models.md"] = true }

local STAMP = "^<!%-%- en: (%x+) %-%->$"

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

-- Pairs ------------------------------------------------------------------------

local function chinese_of(english)
  local chinese, is_doc = english:gsub("^docs/", "docs/zh/")
  return is_doc == 1 and chinese or (english:gsub("README", "README.zh-CN"))
end

-- All English pages that have, or should have, a Chinese one.
local function english_pages()
  local list = {}
  local pipe = assert(io.popen("LC_ALL=C ls README.md docs/*.md docs/guide/*.md "
    .. "examples/*/README.md 2>/dev/null"))
  for page in pipe:lines() do
    if not ENGLISH_ONLY[page] then list[#list + 1] = page end
  end
  pipe:close()
  return list
end

local function folder_of(path)
  return path:match("^(.*/)") or ""
end

-- The relative path from a page to another.
local function link(from, to)
  local up = folder_of(from)
  while up ~= "" and to:sub(1, #up) ~= up do
    up = up:match("^(.*/)[^/]+/$") or ""
  end
  local _, steps = from:sub(#up + 1):gsub("/", "")
  return ("../"):rep(steps) .. to:sub(#up + 1)
end

-- The first lines of an English page and of its Chinese one.
local function first_lines(english, chinese)
  return ("English · [中文](%s)"):format(link(english, chinese)),
    ("[English](%s) · 中文"):format(link(chinese, english))
end

-- Sections -----------------------------------------------------------------------

-- White space does not count: a paragraph may be wrapped anew.
local function hash(text)
  local sum = 0
  for byte in text:gsub("%s+", " "):gmatch(".") do
    sum = (sum * 257 + byte:byte()) % 4294967291
  end
  return ("%08x"):format(sum)
end

-- A line of code without the comment at its end. A mark in a string is none.
local function without_comment(line, mark)
  local from = 1
  while true do
    local at = line:find(mark .. " ", from, true)
    if not at then return line end
    local before = line:sub(1, at - 1)
    local _, quotes = before:gsub('"', "")
    if quotes % 2 == 0 and before:find("^%s*$") then return "" end
    if quotes % 2 == 0 and before:find("%s$") then
      return (before:gsub("%s+$", ""))
    end
    from = at + 1
  end
end

local MARKS = { lua = "--", sh = "#", nginx = "#" }

-- What a code block has to have in both languages.
local function code(lines, language)
  local kept, mark = { language }, MARKS[language]
  for _, written in ipairs(lines) do
    local line = mark and without_comment(written, mark) or written
    if line ~= "" then kept[#kept + 1] = line end
  end
  return table.concat(kept, "\n")
end

-- Comments say how a block is run (docs/README.md); why it is not may be
-- translated.
local function directive(line)
  if line:find(STAMP) then return nil end
  return line:match("^<!%-%- not run") or line:match("^<!%-%- .* %-%->$")
end

local function new_section(heading)
  return { heading = heading, level = #heading:match("^#*"), lines = { heading },
    blocks = {}, rows = 0 }
end

local function take_text(section, line)
  section.stamp = section.stamp or line:match(STAMP)
  section.blocks[#section.blocks + 1] = directive(line)
  if line:find("^|") then section.rows = section.rows + 1 end
end

-- The sections of a page, in their order; the first is what is above all headings.
local function sections_of(page)
  local list, fence = { new_section "" }, nil
  for line in (read(page)):gmatch("([^\n]*)\n") do
    local section = list[#list]
    local language = line:match("^```(.*)$")
    if not fence and line:find("^#+ ") then
      list[#list + 1] = new_section(line)
    else
      section.lines[#section.lines + 1] = line
      if fence and language then
        section.blocks[#section.blocks + 1] = code(fence, fence.language)
        fence = nil
      elseif fence then
        fence[#fence + 1] = line
      elseif language then
        fence = { language = language }
      else
        take_text(section, line)
      end
    end
  end
  for _, section in ipairs(list) do
    section.hash = hash(table.concat(section.lines, "\n"))
  end
  return list
end

-- Where the headings of two pages part, or nil.
local function structure_problem(english, chinese)
  for n = 2, math.max(#english, #chinese) do
    local one, other = english[n], chinese[n]
    if not one then return "has a heading more: " .. other.heading end
    if not other then return "lacks the section " .. one.heading end
    if one.level ~= other.level then
      return ("has %q where English has %q"):format(other.heading, one.heading)
    end
  end
end

local function block_problem(english, chinese)
  for n = 1, math.max(#english.blocks, #chinese.blocks) do
    local one, other = english.blocks[n], chinese.blocks[n]
    if one ~= other then
      return ("block %d is not the English one:\n%s\n  instead of\n%s"):format(n,
        other or "(nothing)", one or "(nothing)")
    end
  end
end

local function section_problem(english, chinese)
  if not chinese.stamp then return "has no stamp" end
  if chinese.stamp ~= english.hash then
    return ("is out of date: look at %q again, then stamp"):format(english.heading)
  end
  if chinese.rows ~= english.rows then
    return ("has %d rows of tables where English has %d"):format(chinese.rows,
      english.rows)
  end
  return block_problem(english, chinese)
end

-- Calls `on_problem` with each.
local function check_page(english, chinese, on_problem)
  local first = { first_lines(english, chinese) }
  for n, page in ipairs { english, chinese } do
    if read(page):match("^[^\n]*") ~= first[n] then
      on_problem(("%s: its first line is not: %s"):format(page, first[n]))
    end
  end
  if MADE[english] then return end
  local ours, theirs = sections_of(english), sections_of(chinese)
  local problem = structure_problem(ours, theirs)
  if problem then return on_problem(chinese .. ": " .. problem) end
  for n = 2, #ours do
    problem = section_problem(ours[n], theirs[n])
    if problem then
      on_problem(("%s: %s: %s"):format(chinese, theirs[n].heading, problem))
    end
  end
end

-- Commands -----------------------------------------------------------------------

-- Returns how many problems there are.
local function check()
  local count = 0
  local function on_problem(problem)
    count = count + 1
    print(problem)
  end
  for _, english in ipairs(english_pages()) do
    local chinese = chinese_of(english)
    if read(chinese) then
      check_page(english, chinese, on_problem)
    else
      on_problem(chinese .. ": is missing")
    end
  end
  return count
end

local function english_of(chinese)
  for _, english in ipairs(english_pages()) do
    if chinese_of(english) == chinese then return english end
  end
  error(chinese .. ": not the Chinese page of an English one", 0)
end

local function write(path, lines)
  local file = assert(io.open(path, "wb"))
  assert(file:write(table.concat(lines, "\n"), "\n"))
  assert(file:close())
end

-- Sets the first line of a page, which may already be one that links.
local function set_first(path, first)
  local lines = {}
  for line in (read(path)):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  if lines[1] == first then return end
  if lines[1]:find("^#") then
    table.insert(lines, 1, "")
    table.insert(lines, 1, first)
  else
    lines[1] = first
  end
  write(path, lines)
end

local function stamp(chinese)
  local english = english_of(chinese)
  if MADE[english] then return print(chinese .. ": `make docs` writes it") end
  local first, first_chinese = first_lines(english, chinese)
  set_first(english, first)
  set_first(chinese, first_chinese)
  local ours, theirs = sections_of(english), sections_of(chinese)
  local problem = structure_problem(ours, theirs)
  if problem then error(chinese .. ": " .. problem, 0) end
  local lines = {}
  for n, section in ipairs(theirs) do
    for m, line in ipairs(section.lines) do
      local is_stamp = line:find(STAMP)
      if not (n == 1 and m == 1) and not is_stamp then lines[#lines + 1] = line end
      if n > 1 and m == 1 then
        lines[#lines + 1] = ("<!-- en: %s -->"):format(ours[n].hash)
      end
    end
  end
  write(chinese, lines)
end

local COMMANDS = {
  check = function() return check() == 0 end,
  stamp = function(...)
    for _, file in ipairs { ... } do stamp(file) end
    return select("#", ...) > 0
  end,
}

local command = COMMANDS[arg[1]]
if not command then
  io.stderr:write("usage: lua5.4 tools/zh.lua check | stamp FILE...\n")
  os.exit(2)
end
os.exit(command((table.unpack or unpack)(arg, 2)) and 0 or 1)
