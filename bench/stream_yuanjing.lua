-- stream_yuanjing.lua MODE BASE_URL
-- MODE: text | chunks (content alone is read) | raw (each chunk is decoded
--       whole) | finish (nothing is iterated)
-- $BENCH_CA, when set, is the authority that the server is verified against.
local mode, base_url = arg[1], arg[2]
local client = require("yuanjing").new { api_key = "sk-test",
  base_url = base_url, ca_file = os.getenv "BENCH_CA" }
local stream = assert(client:chat { model = "m", prompt = "hi", stream = true })

local chunks, bytes = 0, 0
local function count(text)
  chunks, bytes = chunks + 1, bytes + #text
end

local READ = {
  text = function() for text in stream:text() do count(text) end end,
  chunks = function()
    for chunk in stream:chunks() do count(chunk.content) end
  end,
  raw = function()
    for chunk in stream:chunks() do
      count(chunk.raw.choices[1].delta.content)
    end
  end,
  finish = function() count(assert(stream:finish()).content) end,
}
READ[mode]()
print("chunks=" .. chunks .. " bytes=" .. bytes)
