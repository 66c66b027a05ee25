--- The yardstick of bench/nginx.sh: the least a careful person writes by hand
-- to read a chat stream on nginx's own sockets. One server, chunked answers, no
-- retries, no limits but the socket's, and no verdict on how it ended.
-- luacheck: std +ngx_lua
local cjson = require "cjson"

local reader = {}

local BODY = '{"model":"qwen3-max","prompt":"hi","stream":true}'

local REQUEST = "POST %s HTTP/1.1\r\nHost: %s:%d\r\n"
  .. "Authorization: Bearer sk-test\r\nContent-Type: application/json\r\n"
  .. "Content-Length: %d\r\n\r\n%s"

local function read_head(socket)
  local status = assert(socket:receive("*l"))
  assert(status:find("^HTTP/1.1 200"), status)
  repeat until assert(socket:receive("*l")) == ""
end

local function read_chunk(socket)
  local size = tonumber(assert(socket:receive("*l")), 16)
  local bytes = size > 0 and assert(socket:receive(size)) or nil
  assert(socket:receive(2))
  return bytes
end

-- Splits the complete lines off the received bytes; returns the remaining
-- bytes.
local function split(text, on_line)
  local from = 1
  while true do
    local stop = text:find("\n", from, true)
    if not stop then return text:sub(from) end
    on_line(text:sub(from, stop - 1))
    from = stop + 1
  end
end

--- Calls on_text with each text that is not empty.
---@param host string
---@param port integer
---@param path string
---@param on_text fun(text: string)
function reader.read(host, port, path, on_text)
  local socket = ngx.socket.tcp()
  socket:settimeouts(10000, 60000, 60000)
  assert(socket:connect(host, port))
  assert(socket:send(REQUEST:format(path, host, port, #BODY, BODY)))
  read_head(socket)
  local left = ""
  local function on_line(line)
    local data = line:match("^data: ?(.*)")
    if not data or data == "[DONE]" then return end
    local choice = cjson.decode(data).choices[1]
    local text = choice and choice.delta.content
    if type(text) == "string" and text ~= "" then on_text(text) end
  end
  for bytes in read_chunk, socket do
    left = split(left == "" and bytes or left .. bytes, on_line)
  end
  socket:setkeepalive(60000, 600)
end

return reader
