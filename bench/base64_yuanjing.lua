-- base64_yuanjing.lua BASE_URL FILE
-- An asset from a file: a data URI in JSON.
local base_url, path = arg[1], arg[2]
local yuanjing = require "yuanjing"
local client = yuanjing.new { api_key = "sk-test", asset_url = base_url }
local asset = assert(client.assets:upload { vendor_group_id = "g",
  file = yuanjing.file(path, { type = "image/jpeg" }) })
print("sent=" .. asset.id)
