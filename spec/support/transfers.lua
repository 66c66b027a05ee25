--- What the specs of pools and of transfers share: tests that leave no handle
-- behind, and functions that open transfers of a pool and advance it.
local busted = require "busted"
local core = require "yuanjing.core"
local support = require "support"

local transfers = {}

local jit = rawget(_G, "jit")

--- it(), with the test in a coroutine. NB: LuaJIT would still see the handles on
--- the test's stack in after_each; the stack is freed with the coroutine.
function transfers.it(name, test)
  return busted.it(name, function()
    local ok, err = coroutine.resume(coroutine.create(test))
    if not ok then error(err, 0) end
  end)
end

--- For after_each: ends the servers; all watched handles must be freed then.
function transfers.clean()
  support.clean()
  if jit then jit.flush() end -- compiled traces keep upvalues alive
  support.assert_freed()
end

function transfers.request(url, options)
  local request = { method = "GET", proxy = "", url = url }
  for name, value in pairs(options or {}) do request[name] = value end
  return request
end

function transfers.open(pool, url, options)
  return support.watch(assert(pool:open(transfers.request(url, options))))
end

--- Advances the pool until the predicate is true, and returns its result; false
--- if it hangs.
function transfers.move_until(pool, predicate)
  return support.wait_until(predicate, function() pool:wait(0.05) end)
end

--- Advances the pool until so many connections (1) of the server have got all
--- that it sends, which ends with a wait_close or stalls, and have read that.
function transfers.settle(pool, server, count)
  assert(transfers.move_until(pool, function()
    return #server:events "waiting" + #server:events "stalled" >= (count or 1)
  end))
  for _ = 1, 5 do pool:wait(0.01) end
end

--- Advances the pool until the transfer's request has left, of one byte: its
--- limits on the answer begin. Then nobody does, and no limit is looked at,
--- until the server has come to a gate or a wait_close: however long that takes,
--- what it has sent counts as in time.
function transfers.go_away(pool, transfer, server)
  assert(transfers.move_until(pool,
    function() return transfer:uploaded() == 1 end))
  assert(server:wait_for(function()
    return #server:events "waiting" + #server:events "gate" > 0
  end))
end

function transfers.move_for(pool, seconds)
  local ends = core.now() + seconds
  while core.now() < ends do pool:wait(math.max(0, ends - core.now())) end
end

function transfers.finish(pool, transfer)
  local is_done = transfers.move_until(pool,
    function() return transfer:done() end)
  assert(is_done, "the transfer did not end")
  return transfer
end

--- A server that reads a request and follows the steps, for each connection.
function transfers.serve(...)
  return support.serve { default = { { "request" }, ... } }
end

return transfers
