-- The servers of tell.lua, on the Linux side: prints its arguments, and runs until
-- stdin ends.   lua5.4 tools/windows/servers.lua FOLDER
local certificate = require "support.certificate"

-- An authority in a folder of its own.
local function authority_of(name)
  local folder = arg[1] .. "/" .. name
  assert(os.execute(("mkdir '%s'"):format(folder)))
  return certificate.authority(folder, name)
end

local sandbox = assert(require("yuanjing.sandbox").start { task_seconds = 0.5 })
local authority, stranger = authority_of("ours"), authority_of("stranger")
local url, stop = certificate.serve_models(authority,
  certificate.server(authority))
-- NB: libcurl's Schannel compares names alone, no addresses.
print(sandbox.url, sandbox.api_key, (url:gsub("127%.0%.0%.1", "localhost")),
  authority.cert, stranger.cert)
io.stdout:flush()
io.read("*a")
stop()
sandbox:stop()
