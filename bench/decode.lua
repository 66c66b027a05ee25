-- decode.lua ours|cjson [MB [UNIT]]
-- CPU of decoding one document of so many megabytes: a string that is nothing
-- but the unit, by default an escape.
local who, mb, unit = arg[1], tonumber(arg[2] or 50), arg[3] or "\\u4f60"
local decode = who == "ours" and require("yuanjing.core").decode
  or require("cjson").decode
local text = '{"a":"' .. unit:rep(math.floor(mb * 1e6 / #unit)) .. '"}'
local times = {}
for i = 1, 5 do
  collectgarbage()
  local began = os.clock()
  assert(decode(text).a)
  times[i] = os.clock() - began
end
table.sort(times)
print(("decode_s=%.4f"):format(times[3]))
