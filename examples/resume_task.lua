-- A task of another time:   lua examples/resume_task.lua 936759404378734592
-- Without an id it starts one, forgets the handle, and picks it up by its id.
local yuanjing = require "yuanjing"

local client = yuanjing.new()
local id = arg[1] or assert(client:video {
  model = "wan2.6-t2v", prompt = "小猫在抓老鼠", duration = 5,
}).id

local task = client:task(id)
local result, err = task:await { timeout = 1800 }
if not result and err.kind == "timeout" then
  print("not yet; run me again with " .. id)
elseif not result then
  print(err)
else
  print(assert(result:save("resumed.mp4")))
end
