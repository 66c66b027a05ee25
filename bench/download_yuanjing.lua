-- download_yuanjing.lua BASE_URL NAME PATH
-- Saves the result of a task, which the server has ready.
local base_url, name, path = arg[1], arg[2], arg[3]
local client = require("yuanjing").new { api_key = "sk-test",
  base_url = base_url }
assert(client:task("done." .. name):save(path))
