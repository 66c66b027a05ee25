--- Real-person assets. Scenarios of a verification stay with its group.
-- Scenarios of an upload, or of its group's verification, stay with the
-- asset; there those for tasks, queries, results and downloads apply as well.
local envelope = require "yuanjing.sandbox.server.assets.envelope"
local play = require "yuanjing.sandbox.server.play"

local function refusal(name, text)
  return { name = name, help = "the refusal " .. text,
    instead = function(seen)
      return play.json(200, envelope.refusal(text, seen.flat))
    end }
end

local TEXTS = envelope.TEXTS

return {
  { name = "verify", takes = "seconds", default = 1,
    help = "the link of this verification is good for so long",
    verify = function(group, seconds) group.seconds = seconds end },
  { name = "verified", help = "the group is active at once; otherwise a " ..
    "POST to the link does what the button on its page does",
    verify = function(group) group.status = "active" end },
  { name = "verify-fails", help = "the button on the page leads to a failure",
    verify = function(group) group.fails = true end },
  { name = "group-pending", help = "with a verification: its group is " ..
    "listed before it is confirmed, as pending; with the list: all are",
    ask = function(seen) seen.all_groups = true end,
    verify = function(group) group.listed = true end },
  { name = "assets-flat", help = '{"success": true, ...} and {"success": ' ..
    'false, "message"}, without the documented envelope',
    ask = function(seen) seen.flat = true end,
    reply = function(draft) draft.flat = true end },
  { name = "assets-error", takes = "text",
    default = "素材服务繁忙,请稍后再试",
    help = "a refusal with this text",
    instead = function(seen, text)
      return play.json(200, envelope.refusal(text, seen.flat))
    end },
  refusal("no-vendor", TEXTS.no_vendor),
  refusal("vendor-stopped", TEXTS.vendor_stopped),
  refusal("no-group", TEXTS.no_group),
  refusal("no-asset", TEXTS.no_asset),
  refusal("unverified", TEXTS.unverified),
  { name = "no-total", help = "the list of a group's assets has no total",
    reply = function(draft) draft.data.total = nil end },
  { name = "json-limit", takes = "bytes", default = 10485760,
    help = "413 in plain text for a longer body; an upload has no limit " ..
      "otherwise",
    instead = function(seen, limit)
      if seen.bytes <= limit then return nil end
      return play.text(413, ("Maximum request body size %d exceeded, " ..
        "actual body size %d"):format(limit, seen.bytes))
    end },
}
