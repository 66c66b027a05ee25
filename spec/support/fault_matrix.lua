-- Tries faults (support.faults) on calls (support.fault_calls), many at once,
-- and returns the outcomes: the cells of docs/faults.md.
local certificate = require "support.certificate"
local loop = require "yuanjing.runtime.loop"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local matrix = { KEY = "sk-matrix/Secret+key=" }

-- Seconds. Long timeouts must not end the call, however slow the machine is;
-- the short one should.
local LONG = { connect = 40, first = 40, idle = 40, total = 80 }
local SHORT = { connect = 0.8, first = 1, idle = 0.4, total = 4 }

local HASTE = 20 -- factor by which pauses between tries are shorter
local BATCH = 6 -- faults at a time

-- Servers -------------------------------------------------------------------

-- How a certificate is bad. The client trusts the authority of all of them but
-- the unknown one.
local CERTIFICATES = {
  good = {},
  unknown = {},
  expired = { expired = true },
  wrong = { alt = "DNS:elsewhere.invalid" },
}

local function make_certificates()
  local made = { authority = certificate.authority(support.tempdir()) }
  local stranger = certificate.authority(support.tempdir())
  for name, options in pairs(CERTIFICATES) do
    made[name] = certificate.server(name == "unknown" and stranger
      or made.authority, { name = name, expired = options.expired,
        alt = options.alt })
  end
  return made
end

local function over_tls(steps, pair)
  if not pair then return steps end
  local secure = { { "tls", pair.cert, pair.key } }
  for n, step in ipairs(steps) do secure[n + 1] = step end
  return secure
end

local function well(call)
  local bytes = table.concat(call.pieces)
  return { { "request" }, call.is_file and { "file", bytes, call.etag }
    or { "send", scripted.answer(200, {}, bytes) } }
end

local function scripts_of(fault, call)
  if fault.url then return { {} } end
  if fault.scripts then return fault.scripts(call) end
  return { type(fault.script) == "function" and fault.script(call)
    or fault.script }
end

-- Whether the call meets the fault when it queries its task, and not at the
-- file.
local function asks_first(cell)
  return cell.fault.of_task and cell.call.is_file
end

local TASK = { "send", scripted.answer(200, { Connection = "close" },
  '{"status":"SUCCEEDED","video":"/film.mp4"}') }

-- The task, as the fault shows it, and its file. A route's request is read
-- already.
local function door_of_task(cell, steps)
  local is_once = cell.mode == "once"
  return { connections = is_once and { steps } or {}, routes = {
    ["/llmage/v1/tasks"] = { is_once and TASK or steps[2], { "close" } },
    ["/film.mp4"] = { well(cell.call)[2], { "close" } } } }
end

-- The server of a cell.
local function door_of(cell, steps, certificates)
  if asks_first(cell) then return door_of_task(cell, steps) end
  local broken = over_tls(steps, certificates[cell.fault.certificate])
  if cell.mode == "always" then return { default = broken } end
  local second = cell.fault.second and cell.fault.second(cell.call)
  return { connections = { broken, second }, default = over_tls(well(cell.call),
    cell.fault.https and certificates.good) }
end

--- The expected outcome of a call, if the server does it once or always; nil:
--- not tried. With this libcurl, or with the oldest.
function matrix.outcome_of(fault, call, mode, is_of_oldest)
  local newer = not is_of_oldest and fault.newer
  if newer and not support.has_libcurl(newer.libcurl[1], newer.libcurl[2]) then
    newer = nil
  end
  local row = (newer or fault)[mode] or {}
  local own = row[call.name]
  return own == nil and row.paid or own or nil
end

-- A cell for each variant of that fault, and the doors in order.
local function cells_of(faults, calls, certificates)
  local cells, doors = {}, {}
  local function add(fault, call, mode)
    local is_tried = matrix.outcome_of(fault, call, mode)
    for _, steps in ipairs(is_tried and scripts_of(fault, call) or {}) do
      local cell = { fault = fault, call = call, mode = mode, events = {} }
      cells[#cells + 1] = cell
      doors[#cells] = door_of(cell, steps, certificates)
    end
  end
  for _, fault in ipairs(faults) do
    for _, call in ipairs(calls) do
      add(fault, call, "always")
      add(fault, call, "once")
    end
  end
  return cells, doors
end

local function open_doors(cells, doors)
  local server = support.serve { doors = doors }
  for n, cell in ipairs(cells) do
    local url = server.doors[n].url
    cell.door = server.doors[n]
    cell.url = cell.fault.url or cell.fault.https and url:gsub("^http", "https")
      or url
  end
  return server
end

-- The platform, which knows the files' addresses.
local function serve_tasks(cells)
  local routes = {}
  for n, cell in ipairs(cells) do
    routes["/llmage/v1/tasks?taskid=" .. n] = { { "send", scripted.answer(200,
      { Connection = "close" }, ('{"status":"SUCCEEDED","video":"%s/film.mp4"}')
        :format(cell.url)) } }
  end
  return support.serve { routes = routes }
end

-- Calls ---------------------------------------------------------------------

--- What should end the call: "at once", or "idle limit" and the like.
function matrix.ends_of(fault, call)
  local ends = fault.ends or "at once"
  return type(ends) == "string" and ends or ends[call.name] or "at once"
end

--- The seconds of the timeout that should end it, or 0.
function matrix.limit_of(fault, call)
  return SHORT[matrix.ends_of(fault, call):match("^%a+")] or 0
end

local function limits_of(fault, call)
  local limits, ends = {}, matrix.ends_of(fault, call)
  for name, seconds in pairs(LONG) do
    limits[name] = ends == name .. " limit" and SHORT[name] or seconds
  end
  return limits
end

local function client_of(cell, ca_file)
  return yuanjing.new { api_key = matrix.KEY, base_url = cell.url,
    asset_url = cell.url, ca_file = ca_file,
    timeout = limits_of(cell.fault, cell.call),
    on_event = function(event) cell.events[#cell.events + 1] = event end }
end

local function run(cell, client, place)
  cell.took, cell.value, cell.err = support.timed(cell.call.run, client, place)
end

-- Runs all cells at the same time.
local function run_all(cells, ca_file)
  local folder, platform = support.tempdir(), serve_tasks(cells)
  local picture = support.write(folder .. "/picture.png",
    "\137PNG\r\n\26\n" .. ("yuanjing"):rep(40000))
  os.execute(("mkdir $(seq -f '%s/%%.0f' %d)"):format(folder, #cells))
  local jobs = {}
  for n, cell in ipairs(cells) do
    cell.folder = folder .. "/" .. n
    local client = client_of(cell, ca_file)
    jobs[n] = yuanjing.async(run, cell, client, { folder = cell.folder,
      picture = picture,
      task = client:with({ base_url = asks_first(cell) and cell.url
        or platform.url }):task(tostring(n)) })
    yuanjing.update()
  end
  for _, job in ipairs(jobs) do job:await() end
end

-- Waits until nothing is open, but not too long.
local function settle(server)
  server:wait_for(function()
    return loop.pool():count() == 0 and server:connections().open == 0
  end, function()
    loop.step()
    support.sleep(0.01)
  end)
end

-- What came of it -----------------------------------------------------------

local function kind_of(cell)
  if cell.err then return cell.err.kind end
  local call, got = cell.call, cell.call.read(cell.value)
  if got == call.fine then return "ok" end
  if call.name == "status" then
    return cell.value.done and "done" or "no news"
  end
  if not call.is_file then return "wrong" end
  local is_part = #got > 0 and got == call.fine:sub(1, #got)
  return is_part and "cut short" or "as sent"
end

local ENDS = {
  ["no connection within the connect limit"] = "connect limit",
  ["no answer within the first limit"] = "first limit",
  ["nothing came within the first limit"] = "first limit",
  ["nothing more came within the idle limit"] = "idle limit",
  ["not finished within the total limit"] = "total limit",
}

-- Excludes events of the platform that knows the file's address.
local function is_own(cell, event)
  return not cell.call.is_file or asks_first(cell)
    or not event.call:find(" /", 1, true)
end

-- The number of tries, and how often each timeout ended one.
local function read_events(cell)
  cell.tries, cell.ends, cell.waits = 0, "at once", 0
  for _, event in ipairs(cell.events) do
    if is_own(cell, event) and event.type == "request" then
      cell.tries = cell.tries + 1
    elseif is_own(cell, event) and event.type ~= "retry" and event.error then
      local ends = ENDS[(event.error.message:gsub(" %(it left at .*", ""))]
      cell.ends, cell.waits = ends or cell.ends, cell.waits + (ends and 1 or 0)
    end
  end
end

local function conclude(cell)
  local requests = cell.door:requests()
  read_events(cell)
  cell.outcome = ("%s %d/%d"):format(kind_of(cell), #requests, cell.tries)
  cell.goes_on = requests[2] ~= nil and requests[2].headers.range ~= nil
  cell.open = cell.door:connections().open
  local path = cell.folder .. "/film.mp4"
  cell.has_file = support.exists(path)
  cell.has_part = support.exists(path .. ".part")
end

-- KiB of this process: now, and the peak since the last reset.
local function memory()
  local status = support.read("/proc/self/status")
  return tonumber(status:match("VmRSS:%s*(%d+)")),
    tonumber(status:match("VmHWM:%s*(%d+)"))
end

local function try(faults, calls, certificates)
  local cells, doors = cells_of(faults, calls, certificates)
  local server = open_doors(cells, doors)
  collectgarbage()
  support.write("/proc/self/clear_refs", "5") -- resets the peak
  local before = memory()
  run_all(cells, certificates.authority.cert)
  local _, most = memory()
  settle(server)
  for _, cell in ipairs(cells) do
    conclude(cell)
    cell.grown = (most - before) / 1024
  end
  return cells, server:events("error")
end

-- Batches: together what ends at once, together what waits for timeouts, and
-- alone what is measured.
local function batches_of(faults, calls)
  local batches, current = {}, {}
  for _, fault in ipairs(faults) do
    local sort = fault.ends and "slow" or "fast"
    for _, call in ipairs(fault.most and calls or {}) do
      batches[#batches + 1] = { faults = { fault }, calls = { call } }
    end
    if not fault.most then
      local batch = current[sort]
      if not batch or #batch.faults == BATCH then
        batch = { faults = {}, calls = calls }
        batches[#batches + 1], current[sort] = batch, batch
      end
      batch.faults[#batch.faults + 1] = fault
    end
  end
  return batches
end

--- Tries each of these faults on each of these calls. Returns the cells with
--- their outcomes, and the servers' errors.
function matrix.try(faults, calls)
  local all, problems = {}, {}
  local certificates = make_certificates()
  local sleep = loop.sleep
  loop.sleep = function(seconds) sleep(seconds / HASTE) end
  for _, batch in ipairs(batches_of(faults, calls)) do
    local cells, errors = try(batch.faults, batch.calls, certificates)
    for _, cell in ipairs(cells) do all[#all + 1] = cell end
    for _, event in ipairs(errors) do problems[#problems + 1] = event.message end
  end
  loop.sleep = sleep
  return all, problems
end

return matrix
