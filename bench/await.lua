-- await.lua HOW TASKS TIMES URL
-- TASKS that are done when they are asked for the TIMES-th time.
-- HOW: floor (one request after the other, decoded by cjson) | ours (await_all)
local how, url = arg[1], arg[4]
local tasks, times = tonumber(arg[2]), tonumber(arg[3])

local function id_of(n)
  return ("%x-%s-%d.512.%d"):format(os.time(), tostring(arg):match("0x(.*)"), n,
    times)
end

local RUN = {}

function RUN.floor()
  local get, decode = require("floor").get, require("cjson").decode
  local succeeded = 0
  for n = 1, tasks do
    local at = url .. "/llmage/v1/tasks?taskid=" .. id_of(n)
    repeat until decode(get(at)).status == "SUCCEEDED"
    succeeded = succeeded + 1
  end
  return succeeded
end

function RUN.ours()
  local yuanjing = require "yuanjing"
  local client = yuanjing.new { api_key = "sk-test", base_url = url }
  local list, succeeded = {}, 0
  for n = 1, tasks do list[n] = client:task(id_of(n)) end
  local results, errors = yuanjing.await_all(list, { interval = 0 })
  for _ in pairs(results) do succeeded = succeeded + 1 end
  assert(next(errors) == nil, select(2, next(errors)))
  return succeeded
end

local from = os.clock()
assert(RUN[how]() == tasks)
print(("us_per_query=%.2f"):format((os.clock() - from) * 1e6 / tasks / times))
