-- certificate: a throwaway authority and the servers it vouches for, made with
-- the openssl command. For TLS specs: any server that takes PEM files will do.
--
--   local ca = certificate.authority(folder)       -- {cert =, key =}: paths
--   local good = certificate.server(ca)            -- {cert =, key =}
--   certificate.server(ca, {name = "expired", expired = true})
--   certificate.server(ca, {name = "wrong", alt = "DNS:elsewhere.invalid"})
--   certificate.hashed(ca)    -- a folder with ca.cert under its hashed name
--   local url, stop = certificate.serve_models(ca, good)
local certificate = {}

local KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

-- openssl reports on stderr, which matters only if it fails.
local function openssl(folder, command)
  local errors = folder .. "/openssl.log"
  local ok = os.execute(("cd '%s' && openssl %s 2>'%s' </dev/null")
    :format(folder, command, errors))
  if ok ~= true and ok ~= 0 then
    local file = io.open(errors)
    error(("openssl %s\n%s"):format(command, file and file:read("*a") or ""))
  end
end

-- What `openssl ca` needs to sign: it alone takes a time that has passed.
local SIGNING = [[
[ca]
default_ca = signing
[signing]
dir = .
database = signed.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = names
[names]
commonName = supplied
]]

local FROM_TO = { [true] = "-startdate 20200101000000Z -enddate 20200102000000Z",
  [false] = "-days 1" }

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

--- A new authority in an existing folder.
function certificate.authority(folder, name)
  write(folder .. "/ca.conf", SIGNING)
  write(folder .. "/signed.txt", "")
  openssl(folder, ("req -x509 %s -keyout ca.key -out ca.pem -days 2 "
    .. "-subj '/CN=%s'"):format(KEY, name or "yuanjing test authority"))
  return {
    folder = folder,
    cert = folder .. "/ca.pem",
    key = folder .. "/ca.key",
  }
end

--- A server's certificate, good for 127.0.0.1 and localhost unless `alt` says
--- otherwise; `expired`: since 2020.
function certificate.server(ca, options)
  options = options or {}
  local name = options.name or "server"
  local base = ca.folder .. "/" .. name
  write(base .. ".ext", ("subjectAltName=%s\n")
    :format(options.alt or "IP:127.0.0.1,DNS:localhost"))
  openssl(ca.folder, ("req %s -keyout %s.key -out %s.csr -subj '/CN=%s'")
    :format(KEY, name, name, name))
  openssl(ca.folder, ("ca -batch -notext -config ca.conf -cert ca.pem "
    .. "-keyfile ca.key -in %s.csr -extfile %s.ext -out %s.pem %s")
    :format(name, name, name, FROM_TO[options.expired or false]))
  return {cert = base .. ".pem", key = base .. ".key"}
end

--- A folder for CURLOPT_CAPATH.
function certificate.hashed(ca)
  local folder = ca.folder .. "/hashed"
  assert(os.execute(("mkdir -p '%s' && cp '%s' '%s'")
    :format(folder, ca.cert, folder)))
  openssl(ca.folder, "rehash hashed")
  return folder
end

local MODELS = '{"data":[{"id":"a"}]}'

--- openssl's own server with that certificate, which only answers the list of
--- models. Returns its address, and a function that ends it.
function certificate.serve_models(ca, pair)
  local scripted, support = require "support.scripted", require "support"
  os.execute(("mkdir -p '%s/llmage/v1'"):format(ca.folder))
  support.write(ca.folder .. "/llmage/v1/models",
    scripted.answer(200, { Connection = "close" }, MODELS))
  local pipe = assert(io.popen(("cd '%s' && echo $$ && exec openssl s_server "
    .. "-HTTP -accept 127.0.0.1:0 -cert '%s' -key '%s' 2>&1 </dev/null")
    :format(ca.folder, pair.cert, pair.key)))
  local pid = pipe:read("*l")
  local line
  repeat line = assert(pipe:read("*l")) until line:find("^ACCEPT")
  return "https://127.0.0.1:" .. line:match("(%d+)$"), function()
    os.execute("kill " .. pid)
    pipe:close()
  end
end

return certificate
