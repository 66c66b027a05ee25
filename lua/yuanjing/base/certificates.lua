--- The certificates that verify TLS, as named by the environment.
local certificates = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- A PEM file and a folder of hashed names, by the rules of the curl command:
--- CURL_CA_BUNDLE, else SSL_CERT_FILE and SSL_CERT_DIR. Without them libcurl
--- uses the system's certificates.
---@return string? file
---@return string? folder
function certificates.of_environment()
  local bundle = variable "CURL_CA_BUNDLE"
  if bundle then return bundle end
  return variable "SSL_CERT_FILE", variable "SSL_CERT_DIR"
end

return certificates
