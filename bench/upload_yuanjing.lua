-- upload_yuanjing.lua BASE_URL FILE
-- A video from a picture: a form with one file in it.
local base_url, path = arg[1], arg[2]
local client = require("yuanjing").new { api_key = "sk-test",
  base_url = base_url }
local task = assert(client:video { model = "happyhorse-1.0-i2v", prompt = "hi",
  first_frame = path })
print("sent=" .. task.id)
