-- The wire of 2026-03, for who still needs it: the same calls.
--   lua examples/legacy.lua
local yuanjing = require "yuanjing"

local client = yuanjing.new { api = "legacy" }
print(assert(client:chat { prompt = "你是谁" }).content)

local task = assert(client:video {
  model = "doubao-seedance-1-5-pro-251215",
  prompt = "小猫在抓老鼠",
  ratio = "16:9", resolution = "480p", duration = 5,
})
print("task " .. task.id)
print(assert(task:save("legacy.mp4")))
