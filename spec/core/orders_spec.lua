-- A pool and its transfers are closed or collected in every order and at every
-- stage: nothing crashes, and nothing leaks. The sanitizers and valgrind run this
-- as well.
local child = require "support.child"
local core = require "yuanjing.core"
local scripted = require "support.scripted"
local support = require "support"

local STREAM = scripted.answer(200, {})
local EVENT = 'data: {"content":"x"}\n'

-- The stages of a transfer at which it is closed.
local STAGES = {
  ["before it leaves"] = function() end,
  ["while it waits for an answer"] = function(pool) pool:wait(0.01) end,
  ["in the midst of an answer"] = function(pool, transfer)
    repeat pool:wait(1) until transfer:status()
    transfer:next()
  end,
  ["at its end"] = function(pool, transfer)
    transfer:cancel()
    pool:step()
  end,
}

-- All orders of a list.
local function orders_of(list)
  if #list == 0 then return { {} } end
  local orders = {}
  for n, first in ipairs(list) do
    local rest = {}
    for m, item in ipairs(list) do if m ~= n then rest[#rest + 1] = item end end
    for _, order in ipairs(orders_of(rest)) do
      table.insert(order, 1, first)
      orders[#orders + 1] = order
    end
  end
  return orders
end

local ORDERS = orders_of { "pool", "one", "other" }

local function collect() collectgarbage() collectgarbage() end

local function open(pool, url)
  return assert(pool:open { method = "GET", url = url, proxy = "",
    events = true })
end

-- Closes the handles in that order, or has the collector free them.
local function give_up(things, order, is_closed)
  for _, name in ipairs(order) do
    if is_closed[name] then things[name]:close() end
    things[name] = nil
    collect()
  end
end

local function make(url, stage)
  local pool = assert(core.pool())
  local things = { pool = pool, one = open(pool, url), other = open(pool, url) }
  stage(pool, things.one)
  for _, thing in pairs(things) do support.watch(thing) end
  return things
end

local function try(url, stage, order, is_closed)
  give_up(make(url, stage), order, is_closed)
end

describe("a pool and its transfers", function()
  local server, silent
  setup(function()
    local steps = { { "request" }, { "send", STREAM .. EVENT },
      { "wait_close", 60 } }
    server = scripted.start { default = steps }
    silent = scripted.start { default = { { "request" }, { "wait_close", 60 } } }
  end)
  teardown(function()
    server:stop()
    silent:stop()
  end)

  local function url_for(name)
    return (name == "while it waits for an answer" and silent or server).url
  end

  for name, stage in pairs(STAGES) do
    for ways = 0, 7 do
      local is_closed = { pool = ways % 2 >= 1, one = ways % 4 >= 2,
        other = ways >= 4 }
      it(("may go in any order, %s (%d)"):format(name, ways), function()
        for _, order in ipairs(ORDERS) do
          coroutine.wrap(try)(url_for(name), stage, order, is_closed)
        end
        collect()
        support.assert_freed()
        assert.is_true(server:wait_for(function()
          return server:connections().open + silent:connections().open == 0
        end))
      end)
    end

    -- lua_close() finalizes the rest in the reverse order of creation.
    it("may go with their state, " .. name, function()
      local script = ([[
        local core, url = require "yuanjing.core", ...
        local pool, order = core.pool(), {}
        local function open()
          return assert(pool:open { method = "GET", url = url, proxy = "",
            events = true })
        end
        one, other = open(), open()
        local name, ends = %q, core.now() + 0.3
        if name ~= "before it leaves" then
          while core.now() < ends do pool:wait(0.1) end
        end
        if name == "at its end" then one:cancel() end
        kept = { pool, one, other, core.pool() }
      ]]):format(name)
      assert.same({ 0, "" }, { child.run(script, url_for(name)) })
    end)
  end
end)
