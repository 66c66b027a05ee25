-- What the specs of uploads share: files that change, and what a server received.
local uploads = {}

--- Changes to a file between the check and the sending: the error, and a function
--- that makes the change.
uploads.CHANGES = {
  ["that is removed"] = { "No such file or directory", os.remove },
  ["that becomes a folder"] = { "Is a directory", function(path)
    os.remove(path)
    os.execute("mkdir '" .. path .. "'")
  end },
}

--- Empties a file in a moment, when the core has opened it.
---@param path string
function uploads.empty_soon(path)
  os.execute(("(sleep 0.2; : > '%s') &"):format(path))
end

--- The bytes of the body on the first connection. NB: the number is known when
--- the connection is closed.
---@param server table of support.serve
---@return integer
function uploads.body_received(server)
  local request = server:requests()[1]
  return server:connections().list[1].received - #request.head - 4
end

return uploads
