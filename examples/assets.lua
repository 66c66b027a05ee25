-- A picture of a real person, who says yes to it first:
--   lua examples/assets.lua 张三 photo.jpg "图片1 里的人在海边散步"
-- It waits until the person has opened the link on a phone and confirmed there.
-- Without a picture it asks for one first. With a prompt it makes a video of the
-- person, which costs money.
local yuanjing = require "yuanjing"

local function show_upload(event)
  if event.type ~= "upload" then return end
  local part = math.min(1, event.sent / event.total)
  io.stderr:write(("\rsent %.0f%%"):format(100 * part),
    part == 1 and "\n" or "")
end

local client = yuanjing.new { on_event = show_upload }

local name, picture = arg[1] or "张三", arg[2]
if not picture then
  picture = assert(assert(client:image {
    model = "wan2.2-t2i-flash", prompt = "一位微笑的人,证件照",
  }):save("portrait.png"))
end

-- On a terminal as a QR code, too, if there is a program for it. NB: the link
-- is the platform's text: it goes to that program's input, never into a command.
local function show(link)
  print(link)
  io.stdout:flush()
  local found = os.execute("test -t 1 && command -v qrencode >/dev/null 2>&1")
  if found ~= true and found ~= 0 then return end
  local qrencode = assert(io.popen("qrencode -t ANSIUTF8", "w"))
  qrencode:write(link)
  qrencode:close()
end

local session = assert(client.assets:verify { vendor = "volcengine",
  name = name })
print(("%s has %d seconds to open this on a phone, and confirm:")
  :format(name, session.expires_at - os.time()))
show(session.h5_link)

local group = assert(session:await_group { timeout = 300 })
print("verified: " .. group.vendor_group_id)

local asset = assert(client.assets:upload {
  vendor_group_id = group.vendor_group_id, file = picture, name = name,
})
assert(asset:await { on_update = function(a) print(a.id, a.status) end })
print("it lasts as " .. asset.vendor_asset_id)

local list, total = assert(client.assets:list {
  vendor_group_id = group.vendor_group_id,
})
print(total .. " in the group:")
for _, each in ipairs(list) do print(each.name, each.asset_type, each.status) end

-- The link lasts for 12 hours; save gets a fresh one when it has to.
print("saved " .. assert(asset:save("asset.png")))

-- An asset is a medium like a file; the prompt calls the first one 图片1. Another
-- day yuanjing.asset_ref(vendor_asset_id) does as well.
if arg[3] then
  local task = assert(client:video {
    model = "doubao-seedance-2-0-260128", prompt = arg[3],
    reference_images = { asset },
  })
  print("saved " .. assert(task:save("person.mp4")))
end
