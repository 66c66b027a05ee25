--- What an nginx request has begun ends with it: a cancel scope for each request,
-- cancelled when its client disconnects.
local cancel_scope = require "yuanjing.runtime.cancel_scope"
local nginx = require "yuanjing.runtime.nginx"

local ngx = rawget(_G, "ngx")
local requests = {}

local scopes = setmetatable({}, { __mode = "k" }) -- by the request's ngx.ctx

-- Ends the request as nginx itself does when the client disconnects.
local function leave(scope)
  scope:cancel()
  nginx.wake_pump()
  ngx.exit(499)
end

-- NB: works with `lua_check_client_abort on`, and only if the user has no
-- handler; otherwise the pump finds that the waiters are gone. nginx forgets a
-- handler at the end of its phase, and refuses a second one.
local function watch_client(scope)
  pcall(ngx.on_abort, function() leave(scope) end)
end

--- The cancel scope of the running code: the job, or the request.
---@return yuanjing.CancelScope|yuanjing.Job|nil
function requests.cancel_scope()
  local waiter = nginx.waiter_of_thread()
  if not waiter then return nil end
  if waiter.job then return waiter.job end
  local context = ngx.ctx
  local scope = scopes[context]
  if not scope then
    scope = cancel_scope.new()
    scopes[context] = scope
  end
  watch_client(scope)
  return scope
end

return requests
