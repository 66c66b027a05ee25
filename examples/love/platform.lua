--- Who answers: the platform, with your key; without one the sandbox, which
-- lives on this machine and costs nothing.
local yuanjing = require "yuanjing"

local platform = {}

local sandbox

--- Makes platform.client. Nil and an error when there is no key and the sandbox
--- does not start either; every call then says that there is no key.
function platform.open()
  platform.client, platform.name = yuanjing.new(), "with your key"
  if (os.getenv("YUANJING_API_KEY") or "") ~= "" then return true end
  local is_here, local_platform = pcall(require, "yuanjing.sandbox")
  if not is_here then -- a packed game is played without
    platform.name = "no key"
    return nil, { kind = "auth" }
  end
  local err
  platform.name = "sandbox: no key, no cost"
  sandbox, err = local_platform.start {
    latency = 0.12, task_seconds = 4, -- as slow as it would be
  }
  if not sandbox then return nil, err end
  platform.client = yuanjing.new {
    base_url = sandbox.url, api_key = sandbox.api_key,
  }
  platform.is_free = true
  platform.interval = 0.5 -- seconds between two looks at a task
  return true
end

function platform.close()
  if sandbox then sandbox:stop() end
end

return platform
