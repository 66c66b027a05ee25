--- GET and POST /reallife_asset/h5?token=: the page where a person confirms. A
-- POST to the same address presses its button; a program may send it, too.
local groups = require "yuanjing.sandbox.server.assets.groups"
local page = require "yuanjing.sandbox.server.assets.page"
local play = require "yuanjing.sandbox.server.play"

local confirm = {}

local HEADERS = {
  ["Content-Type"] = "text/html; charset=utf-8",
  ["Cache-Control"] = "no-store",
  ["Content-Security-Policy"] = "default-src 'none'; img-src data:; " ..
    "style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}

local function answer(status, state, group, left)
  local headers = {}
  for name, value in pairs(HEADERS) do headers[name] = value end
  return play.body(status, page.render(state, group, left), headers)
end

-- The group if its page is still valid; or nil and the answer.
local function find(seen)
  local group = groups.of_page(seen.query.token)
  if not group then return nil, answer(404, "unknown") end
  if groups.left(group) > 0 then return group end
  return nil, answer(410, group.status == "pending" and "expired" or "used")
end

---@param seen yuanjing.sandbox.Seen
function confirm.show(seen)
  local group, refusal = find(seen)
  return refusal or answer(200, "open", group, groups.left(group))
end

---@param seen yuanjing.sandbox.Seen
function confirm.press(seen)
  local group, refusal = find(seen)
  if not group then return refusal end
  groups.confirm(group)
  return answer(200, group.status, group)
end

return confirm
