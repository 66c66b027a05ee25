--- Ports to try. Only nginx can find out whether a port is free.
local ports = {}

-- Below Linux's range for outgoing connections, whose ports change.
local FIRST, COUNT = 20000, 12000

-- The ports in use, as far as Linux shows them; empty on other systems.
local function used()
  local taken = {}
  for _, path in ipairs { "/proc/net/tcp", "/proc/net/tcp6" } do
    local file = io.open(path)
    for line in file and file:lines() or function() end do
      local hex = line:match("^[ \t-\r]*%d+: %x+:(%x+)")
      if hex then taken[tonumber(hex, 16)] = true end
    end
    if file then file:close() end
  end
  return taken
end

-- The folder's random name is the seed: two programs that start at the same
-- moment try different ports, and the host's math.random is not used.
local function hash(text)
  local value = 0
  for i = 1, #text do value = (value * 31 + text:byte(i)) % COUNT end
  return value
end

---@param seed string
---@param count integer
---@return integer[]
function ports.candidates(seed, count)
  local taken, list, offset = used(), {}, hash(seed)
  for _ = 1, COUNT do
    local port = FIRST + offset
    if not taken[port] then list[#list + 1] = port end
    if #list == count then break end
    offset = (offset + 7) % COUNT -- 7 and 12000 share no factor
  end
  return list
end

return ports
