--- Puts the texts of a parser, which the commands give in English, into the
-- language of the reader: descriptions, headings, and argparse's own words.
local language = require "yuanjing.base.language"
local wrap = require "yuanjing.cli.terminal.wrap"

local say = language.say

local localize = {}

local WIDTH, MARGIN = 80, 30 -- cells

-- argparse breaks lines at blanks alone, and counts bytes. A shell shows one
-- line: the first sentence.
local function text_of(text, width, is_for_completion)
  if not text then return nil end
  text = say(text)
  if is_for_completion then return (text:gsub("。.*", "")) end
  return wrap(text, width)
end

-- A default is part of the description, which argparse would put together in
-- English.
local function translate_element(element, is_for_completion)
  local text = element._summary or element._description
  if element._default and element._show_default then
    text = say("%s (default: %s)", say(text), element._default)
    element._show_default = false
  end
  text = text_of(text, WIDTH - MARGIN, is_for_completion)
  if element._options then -- a command, which has a page of its own
    element._summary = text
  else
    element._description = text
  end
end

local function translate(parser, is_for_completion)
  for _, list in ipairs { parser._arguments, parser._options,
    parser._commands } do
    for _, element in ipairs(list) do
      translate_element(element, is_for_completion)
    end
  end
  for _, group in ipairs(parser._groups) do group.name = say(group.name) end
  for _, command in ipairs(parser._commands) do
    translate(command, is_for_completion)
  end
  parser._description = text_of(parser._description, WIDTH, is_for_completion)
  parser._epilog = text_of(parser._epilog, WIDTH, is_for_completion)
end

-- The headings that argparse writes itself.
local HEADINGS = { "Usage:", "Arguments:", "Options:", "Commands:",
  "Other options:", "Other arguments:", "Other commands:" }

local function localize_headings(parser)
  local get_help = parser.get_help
  function parser:get_help()
    local text = "\n" .. get_help(self)
    for _, heading in ipairs(HEADINGS) do
      text = text:gsub("\n" .. heading, "\n" .. say(heading))
    end
    return (text:sub(2):gsub("(\n[^ \n][^\n]*):\n", "%1：\n"))
  end
  for _, command in ipairs(parser._commands) do localize_headings(command) end
end

--- Translates a parser with its commands. Without effect in English.
---@param parser table of argparse
---@param is_for_completion? boolean texts are short, in one line
function localize.parser(parser, is_for_completion)
  if language.name() == "en" then return end
  parser._help_max_width = nil
  translate(parser, is_for_completion)
  localize_headings(parser)
end

-- What argparse says of a wrong command line.
local PROBLEMS = { "unknown option '%s'", "unknown command '%s'",
  "too many arguments", "a command is required", "missing %s",
  "malformed argument '%s'", "%s requires an argument",
  "option '%s' does not take arguments", "argument for %s must be one of %s",
  "%s must be one of %s", "%s must be used at most %s time",
  "%s must be used %s time", "option '%s'", "argument '%s'",
  "Did you mean one of these: %s?", "Did you mean %s?" }

local function pattern_of(english)
  return "^" .. english:gsub("[%^$().%[%]*+?-]", "%%%0"):gsub("%%s", "(.+)")
    .. "$"
end

local function said(line)
  for _, english in ipairs(PROBLEMS) do
    local values = { line:match(pattern_of(english)) }
    if values[1] then
      if not english:find("%%s") then return say(english) end
      for i, value in ipairs(values) do values[i] = said(value) end
      return say(english, (table.unpack or unpack)(values))
    end
  end
  return line
end

--- A message of argparse in the language of the reader, in one line.
---@param problem string
---@return string
function localize.problem(problem)
  if language.name() == "en" then return (problem:gsub("\n", ". ")) end
  local lines = {}
  for line in problem:gmatch("[^\n]+") do lines[#lines + 1] = said(line) end
  return table.concat(lines, "。")
end

return localize
