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

--- Advances the pool until the predicate holds, for so many seconds at most.
function transfers.move_until(pool, predicate, seconds)
  local ends = core.now() + (seconds or 10)
  while not predicate() and core.now() < ends do pool:wait(0.05) end
  return predicate()
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
