local certificate = require "support.certificate"
local child = require "support.child"
local support = require "support"

local NONE = { CURL_CA_BUNDLE = false, SSL_CERT_FILE = false,
  SSL_CERT_DIR = false }

-- The result of a client in that environment: the model's name, or the kind of
-- the error.
local function answer_to(url, environment, options)
  local variables = {}
  for name, value in pairs(NONE) do variables[name] = value end
  for name, value in pairs(environment) do variables[name] = value end
  return child.output(variables, ([[
    local client = require("yuanjing").new { base_url = %q, api_key = "sk",
      retries = 0, %s }
    local models, err = client:models()
    print(models and models[1] or err.kind)]]):format(url, options or ""))
end

describe("the certificates of the environment", function()
  local authority, stranger, url, stop

  setup(function()
    authority = certificate.authority(support.output("mktemp -d"))
    stranger = certificate.authority(support.output("mktemp -d"), "stranger")
    url, stop = certificate.serve_models(authority,
      certificate.server(authority))
  end)
  teardown(function()
    stop()
    for _, ca in ipairs { authority, stranger } do
      os.execute("rm -rf '" .. ca.folder .. "'")
    end
  end)
  after_each(support.clean)

  it("verify no server unless they are named", function()
    assert.equal("transport", answer_to(url, {}))
    assert.equal("transport", answer_to(url, { SSL_CERT_FILE = "" }))
    assert.equal("transport", answer_to(url, { SSL_CERT_FILE = stranger.cert }))
  end)

  it("are a file, a folder of hashes, or both", function()
    local hashed = certificate.hashed(authority)
    local elsewhere = certificate.hashed(stranger)
    for _, environment in ipairs {
      { CURL_CA_BUNDLE = authority.cert },
      { SSL_CERT_FILE = authority.cert },
      { SSL_CERT_DIR = hashed },
      { SSL_CERT_FILE = stranger.cert, SSL_CERT_DIR = hashed },
      { SSL_CERT_FILE = authority.cert, SSL_CERT_DIR = elsewhere },
    } do
      assert.equal("a", answer_to(url, environment))
    end
  end)

  it("are CURL_CA_BUNDLE alone where that is set, as with curl", function()
    assert.equal("transport", answer_to(url, { CURL_CA_BUNDLE = stranger.cert,
      SSL_CERT_FILE = authority.cert }))
  end)

  it("give way to ca_file", function()
    local named = ("ca_file = %q"):format(authority.cert)
    assert.equal("a", answer_to(url, { CURL_CA_BUNDLE = stranger.cert }, named))
    local other = ("ca_file = %q"):format(stranger.cert)
    assert.equal("transport", answer_to(url,
      { SSL_CERT_DIR = certificate.hashed(authority) }, other))
  end)
end)
