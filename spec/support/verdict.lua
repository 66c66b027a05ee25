--- Checks the records of a host that ran the cases of support.conformance, in
-- the process that started the host, with the requests that the sandbox saw.
local assert = require "luassert"
local json = require "yuanjing.base.json"

local verdict = {}

--- The records in a host's output, by their names, and the other lines.
---@param output string
---@return table<string, table> records
---@return string rest
function verdict.read(output)
  local records, rest = {}, {}
  for line in output:gmatch("[^\n]+") do
    local record = line:find("^{") and json.decode(line)
    if record then
      records[record.name] = record
    else
      rest[#rest + 1] = line
    end
  end
  return records, table.concat(rest, "\n")
end

-- A request of the case has its name; a download is known by its task.
local function is_of(record, request)
  if request.headers["x-case"] == record.name then return true end
  local query = (request.query or ""):gsub("/", "")
  return record.task ~= nil and query:find(record.task, 1, true) ~= nil
end

-- One request must have ended before the case ended, which waits for that; the
-- sandbox would have gone on for a minute.
local function check_break(case, record, requests)
  local seconds = {}
  for _, request in ipairs(requests) do
    if request.path == case.breaks and is_of(record, request) then
      seconds[#seconds + 1] = request.seconds or math.huge
    end
  end
  assert.equal(1, #seconds)
  assert.is_true(seconds[1] < record.took,
    ("it took %s of %.2f s"):format(seconds[1], record.took))
end

local function check_sends(case, record, requests)
  local sent = 0
  for _, request in ipairs(requests) do
    if is_of(record, request) then sent = sent + 1 end
  end
  assert.equal(case.sends[record.is_driven and 2 or 1], sent)
end

--- Raises if a record is not as expected.
---@param case table of support.conformance
---@param record? table
---@param requests yuanjing.sandbox.Request[]
function verdict.check(case, record, requests)
  assert.is_truthy(record, "there is no record")
  assert.is_nil(record.error)
  assert.same(record.is_driven and case.driven or case.expected, record.value)
  if case.sends then check_sends(case, record, requests) end
  if case.breaks then check_break(case, record, requests) end
  if case.beside then
    local heartbeats = record.heartbeats
    assert.is_true(heartbeats.count >= 20, heartbeats.count .. " heartbeats")
    assert.is_true(heartbeats.longest < 4, heartbeats.longest .. " s without a heartbeat")
  end
  if case.idle then
    assert.is_true(record.cpu < 0.15, record.cpu .. " s of the processor")
  end
end

return verdict
