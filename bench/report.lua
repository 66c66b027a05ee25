-- report.lua: what run.sh asks of suites.lua, and what it tells.
--   report.lua names               of the suites
--   report.lua rounds SUITE
--   report.lua commands SUITE      for ab; $PEERS: the packages there are
--   report.lua profile SUITE       small, big, units, unit: a line each
--   report.lua table SUITE         its figures, as they lie under $RESULTS
--   report.lua all                 bench/RESULTS.md
local machine = require "machine"
local results = require "results"
local suites = require "suites"
local targets = require "targets"

local function find(name)
  for _, suite in ipairs(suites) do
    if suite.name == name then return suite end
  end
  error("no such suite: " .. tostring(name), 0)
end

local function load(suite)
  return results.load(("%s/%s.tsv"):format(os.getenv "RESULTS", suite.name))
end

-- Tables --------------------------------------------------------------------

local function row_of(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function cell(values, form)
  if not values then return "-" end
  return (form .. " [" .. form .. ".." .. form .. "]"):format(values.median,
    values.least, values.most)
end

local function heads(suite)
  local cells, lines = { "" }, { "---" }
  for i, figure in ipairs(suite.figures) do
    cells[#cells + 1] = figure[2]
    if i == 1 then
      for _, other in ipairs(suite.against) do
        cells[#cells + 1] = "x " .. other
      end
    end
  end
  for i = 2, #cells do lines[i] = "---" end
  return row_of(cells) .. "\n" .. row_of(lines)
end

local function line_of(suite, seen, label)
  local cells = { label }
  for i, figure in ipairs(suite.figures) do
    local key, form = figure[1], figure[3]
    cells[#cells + 1] = cell(seen:figure(label, key), form)
    if i == 1 then
      for _, other in ipairs(suite.against) do
        local ratio = other ~= label
          and seen:beside(label, other, key, results.quotient)
        cells[#cells + 1] = ratio and cell(ratio, "%.2f") or "-"
      end
    end
  end
  return row_of(cells)
end

-- The number of rounds with the first figure of a row: fewer if it failed in
-- some.
local function rounds_of(suite, seen, label)
  local values = seen:figure(label, suite.figures[1][1])
  return values and values.rounds or 0
end

local function print_table(suite, seen)
  local lines, missing, rounds = { heads(suite) }, {}, 0
  for _, row in ipairs(suite.rows) do
    rounds = math.max(rounds, rounds_of(suite, seen, row[1]))
  end
  for _, row in ipairs(suite.rows) do
    local label, measured = row[1], rounds_of(suite, seen, row[1])
    if measured > 0 then lines[#lines + 1] = line_of(suite, seen, label) end
    if measured < rounds then
      missing[#missing + 1] = ("%s (%d rounds)"):format(label, measured)
    end
  end
  print(("### %s\n"):format(suite.title))
  if suite.about then print(suite.about) end
  print(("Median [least..most] of %d rounds.\n"):format(rounds))
  print(table.concat(lines, "\n") .. "\n")
  if #missing > 0 then
    print("Not or not always measured: " .. table.concat(missing, ", ") .. ".\n")
  end
end

local function print_commands(suite)
  print "```sh"
  for _, row in ipairs(suite.rows) do print(row[2] .. "  # " .. row[1]) end
  print "```\n"
end

-- Targets -------------------------------------------------------------------

local function value_of(target, seen)
  local row, key = target.row, target.figure
  if target.over then
    return seen:beside(row, target.over, key, results.quotient)
  elseif target.above then
    return seen:beside(row, target.above, key, results.difference)
  end
  return seen:figure(row, key)
end

local function verdict(target, value)
  if not value then return "not measured" end
  local is_reached = value.median <= target.at_most
    and value.median >= (target.at_least or -math.huge)
  return is_reached and "reached" or "**not reached**", is_reached
end

local function figure_name(suite, key)
  for _, figure in ipairs(suite.figures) do
    if figure[1] == key then return figure[2], figure[3] end
  end
end

local function has_row(suite, label)
  for _, row in ipairs(suite.rows) do
    if row[1] == label then return true end
  end
  return false
end

-- A target of a missing row would always be "not measured".
local function check_targets()
  for n, target in ipairs(targets) do
    local suite, other = find(target.suite), target.over or target.above
    if not has_row(suite, target.row) or other and not has_row(suite, other)
      or not figure_name(suite, target.figure) then
      error(("target %d of %s names what is not there"):format(n, suite.name))
    end
  end
end

-- The row of a target, and whether it is reached.
local function target_line(target)
  local suite = find(target.suite)
  local seen = load(suite)
  local value = seen and value_of(target, seen)
  local beside = target.over and ", over that of " .. target.over
    or target.above and ", above that of " .. target.above or ""
  local wanted = ("<= %g"):format(target.at_most)
  if target.at_least then
    wanted = ("%g to %g"):format(target.at_least, target.at_most)
  end
  local word, is_reached = verdict(target, value)
  local name, form = figure_name(suite, target.figure)
  return row_of { suite.title, target.row, name .. beside, wanted,
    cell(value, target.over and "%.2f" or form), word }, is_reached
end

local function print_targets()
  local lines, reached = {}, 0
  for n, target in ipairs(targets) do
    local is_reached
    lines[n], is_reached = target_line(target)
    if is_reached then reached = reached + 1 end
  end
  print(("## Targets: %d of %d are reached\n"):format(reached, #targets))
  print(row_of { "", "", "figure", "target", "measured", "" })
  print(row_of { "---", "---", "---", "---", "---", "---" })
  print(table.concat(lines, "\n") .. "\n")
end

-- The whole -----------------------------------------------------------------

local HEAD = [[
# What it costs

`make bench` writes this file. The servers have one processor, what is measured
has another; the commands of a suite run in turn, a different one first in each
round. CPU is user and system time of the process. A ratio is the median of the
rounds' own ratios. Differences below 10 % mean nothing; what a change costs is
told by instruction counts, which `make test` compares with `bench/budget.lua`.
]]

local function print_machine()
  print "## Measured on\n"
  print(row_of { "", "" })
  print(row_of { "---", "---" })
  for _, pair in ipairs(machine()) do print(row_of(pair)) end
  print ""
end

local function print_all()
  print(HEAD)
  print_targets()
  print "## Figures\n"
  for _, suite in ipairs(suites) do
    local seen = load(suite)
    if seen then print_table(suite, seen) end
  end
  print_machine()
  print "## Commands\n"
  for _, suite in ipairs(suites) do
    print(("`bench/run.sh %s`: %s\n"):format(suite.name, suite.title))
    print_commands(suite)
  end
end

-- For run.sh ----------------------------------------------------------------

local function is_here(row)
  return not row.needs
    or (" " .. os.getenv "PEERS" .. " "):find(" " .. row.needs .. " ", 1, true)
end

-- The shell that ab starts is replaced by the command, or its cost would be in
-- the figures.
local function shell(command)
  return command:find("exec ", 1, true) and command or "exec " .. command
end

local ASKED = {}

function ASKED.names()
  for _, suite in ipairs(suites) do print(suite.name) end
end

function ASKED.rounds(suite) print(suite.rounds) end

function ASKED.commands(suite)
  for _, row in ipairs(suite.rows) do
    if is_here(row) then print(row[1] .. "\t" .. shell(row[2])) end
  end
end

function ASKED.profile(suite)
  local profile = suite.profile
  if not profile then error("no profile of " .. suite.name, 0) end
  print(profile[1])
  print(profile[2])
  print(("%d"):format(profile.units))
  print(profile.unit)
end

function ASKED.table(suite) print_table(suite, load(suite)) end

ASKED.all = print_all

check_targets()
ASKED[arg[1]](arg[2] and find(arg[2]))
