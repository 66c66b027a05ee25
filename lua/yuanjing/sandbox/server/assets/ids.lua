--- Ids and times in the platform's formats.
local ids = {}

local count = 0

--- 32 unpredictable and unique hexadecimal digits.
function ids.token()
  count = count + 1
  return ngx.md5(("%d %.3f %d %s"):format(ngx.worker.pid(), ngx.now(), count,
    tostring({})))
end

--- An id of the platform: 21 characters.
function ids.own()
  local text = ngx.encode_base64(ngx.md5_bin(ids.token())):gsub("[+/=]",
    { ["+"] = "-", ["/"] = "_", ["="] = "" })
  return text:sub(1, 21)
end

-- The platform's clock uses China's time zone.
local function china(format, at)
  return os.date("!" .. format, math.floor(at) + 8 * 3600)
end

--- An id of the vendor: PREFIX-20260528153000-abcde
---@param prefix string
---@param at number
function ids.vendor(prefix, at)
  return ("%s-%s-%s"):format(prefix, china("%Y%m%d%H%M%S", at),
    ids.token():sub(1, 5))
end

--- 2026-05-28 15:30:00
---@param at number
function ids.time(at)
  return china("%Y-%m-%d %H:%M:%S", at)
end

return ids
