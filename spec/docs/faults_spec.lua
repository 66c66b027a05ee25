-- Every fault on every call: the kind of the error, the requests that the
-- server saw, what ended the call and when, and that nothing is left open. The
-- results are docs/faults.md; YJ_DOCS=1 writes that file.
local calls = require "support.fault_calls"
local groups = require "support.faults"
local loop = require "yuanjing.runtime.loop"
local matrix = require "support.fault_matrix"
local support = require "support"

local PAGE = "docs/faults.md"
local SLACK = 30 -- seconds beyond its limit; a longer limit takes longer

local all = {}
for _, group in ipairs(groups) do
  for _, fault in ipairs(group) do all[#all + 1] = fault end
end

-- What there should be ------------------------------------------------------

local function expected_of(fault, is_of_oldest)
  local expected = { ends = {}, problems = {} }
  for _, call in ipairs(calls) do
    for _, mode in ipairs { "always", "once" } do
      local outcome = matrix.outcome_of(fault, call, mode, is_of_oldest)
      if outcome then
        expected[mode] = expected[mode] or {}
        expected[mode][call.name] = outcome
        expected.ends[call.name] = matrix.ends_of(fault, call)
      end
    end
  end
  return expected
end

-- What there is -------------------------------------------------------------

-- The key in any text of a value, however deep.
local function has_key(value, seen)
  if type(value) == "string" then
    return value:find("Secret", 1, true) ~= nil
  end
  seen = seen or {}
  if type(value) ~= "table" or seen[value] then return false end
  seen[value] = true
  for name, item in pairs(value) do
    -- the handles hold the settings of their client
    if name ~= "task" and name ~= "asset" and (has_key(name, seen) or has_key(item, seen)) then
      return true
    end
  end
  return false
end

local UNSURE = { truncated = true, timeout = true, decode = true }

-- Whether an error is retryable although it may be paid for.
local function tempts(cell)
  local err = cell.err
  if not cell.call.paid or not err or not err.retryable then return false end
  return err.kind == "outcome_unknown"
    or UNSURE[err.kind] and not cell.outcome:find(" 0/")
end

local function loses_half(cell)
  local call = cell.call
  if not cell.fault.keeps or not cell.err or not call.kept then return false end
  return (call.kept(cell.err) or ""):sub(1, #call.half) ~= call.half
end

-- Whether the call took as long as its timeouts, and not much longer.
local function is_on_time(cell)
  local least = cell.waits * matrix.limit_of(cell.fault, cell.call)
  return cell.took >= 0.95 * least and cell.took <= least + SLACK
end

-- The sanitizers and valgrind do not reuse freed memory.
local IS_WEIGHED = not (os.getenv("YJ_BUILD") or ""):find("asan")
  and not (os.getenv("LD_PRELOAD") or ""):find("vgpreload")

local function has_file(cell)
  return cell.call.is_file and not cell.err
end

local PROBLEMS = {
  ["the key is in what can be seen"] = function(cell)
    return has_key(cell.events) or has_key(support.fields(cell.err or {}))
      or has_key(tostring(cell.err))
  end,
  ["it looks as if it could be sent again"] = tempts,
  ["the half that came is lost"] = loses_half,
  ["it began anew"] = function(cell)
    return cell.call.is_file and cell.fault.keeps and cell.mode == "once"
      and cell.outcome == "ok 2/2" and not cell.goes_on
  end,
  ["it took too long or too short"] = function(cell)
    return not is_on_time(cell)
  end,
  -- NB: the platform's state of a task is in its handle, without a count.
  ["the tries are not counted"] = function(cell)
    return cell.err and not cell.call.is_file and not cell.fault.of_task
      and cell.err.attempts ~= cell.tries
  end,
  ["a connection is left open"] = function(cell) return cell.open > 0 end,
  ["a part is left"] = function(cell) return cell.has_part end,
  ["a file is there without success, or is not"] = function(cell)
    return cell.has_file ~= (has_file(cell) or false)
  end,
  ["it took too much memory"] = function(cell)
    return IS_WEIGHED and cell.fault.most and cell.grown > cell.fault.most
  end,
  ["another outcome in another way to do it"] = function(cell, seen)
    return cell.outcome ~= seen[cell.mode][cell.call.name]
  end,
}

local function add(seen, cell)
  local outcomes = seen[cell.mode] or {}
  seen[cell.mode] = outcomes
  outcomes[cell.call.name] = outcomes[cell.call.name] or cell.outcome
  if cell.mode == "always" or not cell.fault.always then
    seen.ends[cell.call.name] = cell.ends
  end
  for problem, is_there in pairs(PROBLEMS) do
    if is_there(cell, seen) then
      seen.problems[#seen.problems + 1] = ("%s, %s: %s (%s, %.1f s, %.0f MiB: %s)")
        :format(cell.call.name, cell.mode, problem, cell.outcome, cell.took,
          cell.grown, tostring(cell.err))
    end
  end
end

-- Without the idle connections that the pool keeps: where a server has ended
-- one with a message of TLS, libcurl (7.88) takes it for a live one until it is
-- 45 seconds old. The process that counts has a pipe to us, and may be so quick
-- that we still have both ends of it.
local function descriptors()
  loop.pool():close()
  collectgarbage()
  collectgarbage()
  local list = support.output("ls -l /proc/$PPID/fd"
    .. " | sed -n 's/.* -> //p' | grep -v ^pipe:")
  return { count = select(2, list:gsub("[^\n]+", "")), list = list }
end

describe("a fault", function()
  local seen, problems, before = {}, nil, nil

  setup(function()
    before = descriptors()
    local cells
    cells, problems = matrix.try(all, calls)
    for _, fault in ipairs(all) do
      seen[fault.name] = { ends = {}, problems = {} }
    end
    for _, cell in ipairs(cells) do add(seen[cell.fault.name], cell) end
    support.clean()
  end)

  for _, fault in ipairs(all) do
    it(("has the right outcome: the server %s (%s)"):format(fault.behaviour,
      fault.name), function()
      assert.same(expected_of(fault), seen[fault.name])
    end)
  end

  it("was played as it is written", function()
    assert.same({}, problems)
  end)

  it("leaves nothing open", function()
    assert.equal(0, loop.pool():count())
    local after = descriptors()
    assert.truthy(after.count <= before.count,
      before.list .. "\n-- and then --\n" .. after.list)
  end)

  it("is in docs/faults.md (else: make docs)", function()
    for _, fault in ipairs(all) do -- only the table is written
      assert.same(expected_of(fault), seen[fault.name])
    end
    for _, fault in ipairs(all) do
      if fault.newer then seen[fault.name] = expected_of(fault, true) end
    end
    local page = dofile("tools/faults.lua")(groups, calls, seen)
    if os.getenv("YJ_DOCS") then support.write(PAGE, page) end
    assert.equal(support.read(PAGE), page)
  end)
end)
