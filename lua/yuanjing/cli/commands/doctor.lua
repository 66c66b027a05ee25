--- `yuanjing doctor`: shows this machine's setup, and how far a call gets. The
-- output can be shared: it contains no key and no password.
local cells = require "yuanjing.cli.terminal.cells"
local config = require "yuanjing.cli.config"
local core = require "yuanjing.core"
local document = require "yuanjing.cli.document"
local exits = require "yuanjing.cli.exits"
local number = require "yuanjing.base.number"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"
local address = require "yuanjing.http.address"
local terminal = require "yuanjing.cli.terminal.terminal"
local version = require "yuanjing.version"

local command = { name = "doctor",
  summary = "Check this machine, the way to the platform, and the key." }

local STDOUT = terminal.STDOUT

local LIMIT = 20 -- seconds for each of the two calls

function command.options(parser)
  session.options(parser)
end

-- This machine -------------------------------------------------------------

local function lua_version()
  local jit = rawget(_G, "jit")
  return jit and jit.version or _VERSION
end

local function source_of(setting)
  return setting.source == "default" and say "default" or setting.source
end

local function key_in_words(settings, in_force)
  local key, err = address.key(settings)
  if not key then return config.advice() or say(err.message) end
  return say("set, %d characters (%s)", #key, source_of(in_force.api_key))
end

local function in_words(setting)
  return ("%s (%s)"):format(config.shown(setting), source_of(setting))
end

-- As in libcurl: http_proxy is read in lower case only.
local PROXIES = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
  "ALL_PROXY", "no_proxy", "NO_PROXY" }

local function proxy_in_words()
  local set = {}
  for _, name in ipairs(PROXIES) do
    local value = os.getenv(name)
    if value and value ~= "" then
      set[#set + 1] = name .. "="
        .. value:gsub("^([A-Za-z][0-9A-Za-z+.-]*://).*@", "%1***@")
        :gsub("^[^/]*@", "***@")
    end
  end
  return #set > 0 and table.concat(set, " ") or say "none"
end

-- The certificates that verify TLS, and where their path was configured.
local function certificates_in_words(settings, arguments)
  local named = {}
  for _, path in ipairs { settings.ca_file or false, settings.ca_path or false }
  do
    if path then named[#named + 1] = path end
  end
  if #named > 0 then
    return ("%s (%s)"):format(table.concat(named, ", "),
      arguments.ca_file and "--ca-file" or say "environment")
  end
  local store = core.ca_path() or core.ca_file()
  return store and say("%s (the system's)", store) or say "none"
end

-- Where a newcomer goes on. The page is named in docs/platform.md.
local ACCOUNT = "keys and recharging: https://ai.opencomputing.cn; balance and "
  .. "prices: yuanjing account"

local function facts(settings, arguments, balance)
  local in_force = config.in_force(arguments)
  return {
    { "yuanjing", version },
    { "Lua", lua_version() },
    { "libcurl", core.curl_version():match("^[^ \t-\r]+[ \t-\r]+[^ \t-\r]+") },
    { "features", table.concat(core.curl_features(), ", ") },
    { "certificates", certificates_in_words(settings, arguments) },
    { "proxy", proxy_in_words() },
    { "key", key_in_words(settings, in_force) },
    { "base_url", in_words(in_force.base_url) },
    { "asset_url", in_words(in_force.asset_url) },
    { "language", in_words(in_force.lang) },
    { "balance", balance },
    { "account", say(ACCOUNT) },
    { "wire", settings.api },
  }
end

-- The connection -----------------------------------------------------------

local STEPS = { { "name", "name looked up" }, { "connect", "connected" },
  { "tls", "encrypted" }, { "answer", "answered" } }

-- The steps that were reached, with the milliseconds of each.
local function taken(steps)
  local last = 0
  for i, step in ipairs(STEPS) do if steps[step[1]] then last = i end end
  local rows, before = {}, 0
  for i = 1, last do
    local at = steps[STEPS[i][1]]
    if at then
      rows[#rows + 1] = { name = STEPS[i][2], ok = true,
        ms = math.max(0, (at - before) * 1000) }
      before = at
    end
  end
  return rows, last
end

-- The first step that failed. NB: libcurl does not report the time of the
-- connection if TLS fails after it.
local function failed_step(url, err, last)
  if err.step == "tls" then return "encrypted" end
  if err.kind == "auth" then return "key accepted" end
  local next_step = last + 1
  if next_step == 3 and not url:find("^https") then next_step = 4 end
  return STEPS[next_step] and STEPS[next_step][2] or "good answer"
end

local function check(client, url, call)
  local steps = {}
  local value, err = call(client:with { retries = 0,
    timeout = { total = LIMIT },
    on_event = function(event) steps = event.steps or steps end })
  local rows, last = taken(steps)
  rows[#rows + 1] = value and { name = "key accepted", ok = true,
    note = say(value.raw and "%d models" or "%d groups", #value) }
    or { name = failed_step(url, err, last), ok = false,
      problem = say(err.message), kind = err.kind }
  return { url = url, steps = rows }, err
end

local HOSTS = {
  { "base_url", function(client) return client:models() end },
  { "asset_url", function(client) return client.assets:groups() end },
}

-- What is left on the account. That it can not be told is no fault: the call is
-- not confirmed live.
local function balance_in_words(client, is_accepted)
  if not is_accepted then return "-" end
  local balance, err = client:with { retries = 0, timeout = { total = LIMIT } }
    .account:balance()
  return balance and number.fixed(balance.balance, 2)
    or say("not told (%s)", err.message)
end

local function check_all(client, settings)
  local hosts, first, is_accepted = document.list {}, nil, nil
  for i, row in ipairs(HOSTS) do
    local err
    hosts[i], err = check(client, address.shown(settings[row[1]]), row[2])
    first = first or err
    if i == 1 then is_accepted = not err end
  end
  return hosts, first, balance_in_words(client, is_accepted)
end

local function show_requests(arguments, client)
  for _, row in ipairs(HOSTS) do
    session.shows_request(arguments, row[2](client))
  end
  return true
end

-- Output -------------------------------------------------------------------

local function mark(is_ok)
  local signs = terminal.is_utf8() and { "✓", "✗" } or { "ok", "!!" }
  return terminal.paint(STDOUT, is_ok and "good" or "bad",
    signs[is_ok and 1 or 2])
end

local function print_facts(rows)
  for _, row in ipairs(rows) do
    terminal.write(STDOUT, terminal.paint(STDOUT, "dim",
      cells.pad(say(row[1]), 12)), "  ", cells.harmless(row[2]), "\n")
  end
end

local function print_host(host)
  terminal.write(STDOUT, "\n", terminal.paint(STDOUT, "bold", host.url), "\n")
  for _, step in ipairs(host.steps) do
    local detail = step.problem or step.note or number.fixed(step.ms, 1) .. " ms"
    terminal.write(STDOUT, ("  %s %s %s\n"):format(mark(step.ok),
      cells.pad(say(step.name), 15), cells.harmless(detail)))
  end
end

local function report(arguments, rows, hosts)
  if arguments.json then
    local named = { hosts = hosts }
    for _, row in ipairs(rows) do named[row[1]] = row[2] end
    return output.json(named)
  end
  print_facts(rows)
  for _, host in ipairs(hosts) do print_host(host) end
end

-- NB: a client's settings are private to the module; the command is part of
-- it.
function command.run(arguments)
  local status
  local ended = session.run(arguments, function(client)
    if arguments.dry_run then return show_requests(arguments, client) end
    local settings = client._settings
    local hosts, err, balance = check_all(client, settings)
    report(arguments, facts(settings, arguments, balance), hosts)
    status = err and exits.of(err.kind) or exits.OK
    return true
  end)
  return ended ~= exits.OK and ended or status
end

return command
