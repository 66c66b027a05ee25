-- The code in the documentation, as docs/README.md tells its writers. A comment
-- right above a block says how it is run, where that is not as usual:
--
--   <!-- with: local id = "1" -->          lua that runs before it
--   <!-- from: examples/love/talk.lua -->  a part of that file, line by line
--   <!-- game --> <!-- nginx -->           a main.lua; a location's content
--   <!-- nginx.conf -->                    a whole one
--   <!-- not run: needs root -->           why
--
-- A ```text block right behind one is what it prints; ... stands for anything.
local support = require "support"

local pages = {}

---@class yuanjing.Block
---@field page string
---@field line integer
---@field language string
---@field text string
---@field marks table<string, string>
---@field prints? string

local function add_marks(marks, line)
  for mark in line:gmatch("<!%-%- (.-) %-%->") do
    local name, value = mark:match("^([%l ]-): (.*)$")
    marks[name or mark] = value or ""
  end
end

-- The lines up to the end of the fence, and its place.
local function inside(lines, at)
  local text = {}
  for n = at + 1, #lines do
    if lines[n]:find("^```") then return table.concat(text, "\n"), n end
    text[#text + 1] = lines[n]
  end
  error("a block without an end")
end

local function lines_of(page)
  local lines = {}
  for line in (support.read(page)):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- A text block directly behind a block is its output.
local function take_output(blocks, block)
  local last = blocks[#blocks]
  local follows = last and block.line - last.ends <= 2
  if block.language ~= "text" or not follows then return false end
  last.prints = block.text
  return true
end

--- The blocks of a page, in their order.
---@param page string
---@return yuanjing.Block[]
function pages.blocks(page)
  local blocks, marks, lines, at = {}, {}, lines_of(page), 1
  while at <= #lines do
    local language = lines[at]:match("^```(%w+)")
    if language then
      local block = { page = page, line = at, language = language,
        marks = marks }
      block.text, at = inside(lines, at)
      block.ends, marks = at, {}
      if not take_output(blocks, block) then blocks[#blocks + 1] = block end
    elseif lines[at]:find("^<!%-%-") then
      add_marks(marks, lines[at])
    elseif lines[at] ~= "" then
      marks = {}
    end
    at = at + 1
  end
  return blocks
end

--- Pages whose code is run by other specs.
pages.elsewhere = { ["docs/cli.md"] = true, ["docs/journal.md"] = true,
  ["docs/testing.md"] = true, ["docs/guide/spending.md"] = true }

local function found(patterns)
  local list = {}
  for page in support.output("LC_ALL=C ls " .. patterns):gmatch("[^\n]+") do
    list[#list + 1] = page
  end
  return list
end

--- All other pages whose code the specs run.
---@return string[]
function pages.list()
  local list = {}
  for _, page in ipairs(found("*.md docs/*.md docs/guide/*.md")) do
    if not pages.elsewhere[page] then list[#list + 1] = page end
  end
  return list
end

--- All pages that people read. Those of the platform are its own.
---@return string[]
function pages.everything()
  return found("*.md docs/*.md docs/guide/*.md docs/zh/*.md docs/zh/guide/*.md "
    .. "docs/platform/README.md bench/*.md examples/*/*.md")
end

-- Punctuation of Chinese texts.
local PUNCTUATION = { "，", "。", "、", "：", "；", "？", "！", "（", "）", "“", "”",
  "《", "》", "…", "—", "·" }

-- GitHub's name of a heading.
local function anchor_of(heading)
  local name = heading:lower():gsub("[%c!-,./:-@%[\\%]^`{-~]", "")
  for _, mark in ipairs(PUNCTUATION) do name = name:gsub(mark, "") end
  return (name:gsub(" ", "-"))
end

--- Whether a page has that heading.
---@param page string
---@param anchor string
---@return boolean
function pages.has_anchor(page, anchor)
  for line in io.lines(page) do
    local heading = line:match("^#+ (.*)$")
    if heading and anchor_of(heading) == anchor then return true end
  end
  return false
end

--- Whether the target of a link, or of a citation, is there: a path from that
--- folder, with or without an anchor.
---@param folder string "" or with a slash at its end
---@param target string
---@return boolean
function pages.is_there(folder, target)
  local path, anchor = target:match("^([^#]*)#?(.*)$")
  local file, steps = folder .. path, 1
  while steps > 0 do file, steps = file:gsub("[%w_-]+/%.%./", "", 1) end
  if not support.exists(file) then return false end
  return anchor == "" or pages.has_anchor(file, anchor)
end

--- The pages' blocks for which that is true.
---@param is_wanted fun(block: yuanjing.Block): boolean
---@return yuanjing.Block[]
function pages.all(is_wanted)
  local list = {}
  for _, page in ipairs(pages.list()) do
    for _, block in ipairs(pages.blocks(page)) do
      if is_wanted(block) then list[#list + 1] = block end
    end
  end
  return list
end

-- A pattern for a text in which ... matches anything.
local function pattern_of(text)
  local plain = text:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", ".-")
  return "^%s*" .. plain .. "%s*$"
end

--- Whether an output matches the one on a page.
function pages.is_output(shown, output)
  return output:find(pattern_of(shown)) ~= nil
end

--- Whether a block's lines are in a file, in this order.
function pages.is_part(text, file)
  local wanted = {}
  for line in text:gmatch("[^\n]+") do
    wanted[#wanted + 1] = line:match("^%s*(.-)%s*$")
  end
  local n = 1
  for line in io.lines(file) do
    if wanted[n] and line:match("^%s*(.-)%s*$") == wanted[n] then n = n + 1 end
  end
  return n > #wanted, wanted[n]
end

return pages
