-- What goes wrong comes back as a value:   lua examples/errors.lua
local yuanjing = require "yuanjing"

local client = yuanjing.new { api_key = "sk-not-a-key" }
local reply, err = client:chat { prompt = "你是谁" }
if not reply then
  print("kind:      " .. err.kind)        -- what to branch on
  print("message:   " .. err.message)     -- the platform's own words
  print("attempts:  " .. err.attempts)
  print("retryable: " .. tostring(err.retryable))
  print(err)                              -- all of it in one line
end
