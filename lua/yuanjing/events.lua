--- The events that a client passes to `on_event`. The code that emits them
-- removes secrets first.
local events = {}

---@class yuanjing.RequestEvent an attempt is about to be sent
---@field type "request"
---@field call string "POST /llmage/v1/chat/completions"
---@field attempt integer 1, 2, ...
---@field url string without secrets

---@class yuanjing.ResponseEvent an answer, or the head of a stream or a file, has arrived
---@field type "response"
---@field call string
---@field attempt integer
---@field status integer of HTTP
---@field elapsed number seconds since the attempt began
---@field steps? table<"name"|"connect"|"tls"|"answer", number> seconds until each step that it reached
---@field error? yuanjing.Error its body was cut off
---@field usage? table the usage that the platform reported; a stream's comes with its end

---@class yuanjing.ErrorEvent an attempt failed, or a stream after its head
---@field type "error"
---@field call string
---@field attempt integer
---@field status? integer of HTTP
---@field elapsed? number seconds since the attempt began; not for a stream
---@field steps? table<"name"|"connect"|"tls"|"answer", number> seconds until each step that it reached
---@field error yuanjing.Error

---@class yuanjing.RetryEvent the call will be sent again
---@field type "retry"
---@field call string
---@field attempt integer the attempt that failed
---@field delay number seconds until the next attempt
---@field error yuanjing.Error

---@class yuanjing.UploadEvent a file is being sent: at most five a second
---@field type "upload"
---@field call string
---@field sent integer bytes
---@field total integer bytes

---@class yuanjing.LimitEvent a call waits for its turn
---@field type "limit"
---@field call string "POST /llmage/v1/chat/completions"
---@field bound? "in_flight"|"per_minute" the limit that it waits for; nil while others are before it
---@field ahead integer how many calls wait before it
---@field delay? number for per_minute: seconds until one more call may go

---@class yuanjing.EndEvent a stream has ended without an error
---@field type "end"
---@field call string
---@field attempt integer
---@field status integer of HTTP
---@field elapsed number seconds since the attempt began
---@field usage? table the usage that the platform reported

---@class yuanjing.WarningEvent a warning of the journal
---@field type "warning"
---@field code? "worker.lost" a worker lost the lease of that task: another may have it by now
---@field message string
---@field task? yuanjing.Task|{ id: string?, status: string?, note: string? } the task that it is about

--- An event for `on_event`; `type` names its class.
---@alias yuanjing.Event
---| yuanjing.RequestEvent
---| yuanjing.ResponseEvent
---| yuanjing.ErrorEvent
---| yuanjing.RetryEvent
---| yuanjing.UploadEvent
---| yuanjing.EndEvent
---| yuanjing.LimitEvent
---| yuanjing.WarningEvent
---| yuanjing.ToolCallEvent
---| yuanjing.ToolResultEvent

--- Calls on_event. Its errors are ignored: they must not lose an answer that
--- is paid for.
---@param settings table
---@param event yuanjing.Event
function events.emit(settings, event)
  if settings.on_event then pcall(settings.on_event, event) end
end

return events
