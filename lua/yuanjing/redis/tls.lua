--- A TLS socket to Redis (rediss://), with luasocket and luasec. luasec checks
-- the certificate's chain; this module checks its host name.
local ascii = require "yuanjing.base.ascii"
local certificates = require "yuanjing.base.certificates"
local socket = require "socket"

local CA_FOLDER = "/etc/ssl/certs"
local ALTERNATIVE_NAMES = "2.5.29.17"

local function parameters(address)
  local file, folder = address.ca, nil
  if not file then file, folder = certificates.of_environment() end
  return { mode = "client", protocol = "any", verify = "peer",
    options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
    cafile = file, capath = folder or not file and CA_FOLDER or nil }
end

-- The star in "*.example.org" matches one label.
local function matches(pattern, host)
  pattern, host = ascii.lower(pattern), ascii.lower(host)
  if pattern == host then return true end
  local domain = pattern:match("^%*(%..+)$")
  return domain ~= nil and host:match("^[^.]+(%..+)$") == domain
end

local function is_for(certificate, host)
  local names = certificate:extensions()[ALTERNATIVE_NAMES] or {}
  for _, kind in ipairs { "dNSName", "iPAddress" } do
    for _, name in ipairs(names[kind] or {}) do
      if matches(name, host) then return true end
    end
  end
  return false
end

--- A connected socket; raises if that fails.
---@param address yuanjing.journal.Address
---@param seconds number for each step
---@return table
local function connect(address, seconds)
  local ok, ssl = pcall(require, "ssl")
  if not ok then
    error("luasec is not there: apt install lua-sec, or luarocks install "
      .. "luasec", 0)
  end
  local plain = socket.tcp()
  plain:settimeout(seconds)
  assert(plain:connect(address.host, address.port))
  plain:setoption("tcp-nodelay", true)
  local secure = assert(ssl.wrap(plain, parameters(address)))
  secure:sni(address.host)
  secure:settimeout(seconds)
  assert(secure:dohandshake())
  if not is_for(secure:getpeercertificate(), address.host) then
    secure:close()
    error(address.host .. ": the certificate is for another name", 0)
  end
  return secure
end

return connect
