"""The catalogue of refusals: code, HTTP status and what to do. docs/reference/errors.md is made from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One kind of refusal. ``status`` is its HTTP status at the REST edge."""

    code: str
    status: int
    title: str
    remedy: str


_ALL = (
    # requests in general
    ErrorCode("invalid_request", 400, "The request is not well formed", "Correct the fields named in the answer and send it again."),
    ErrorCode("not_authenticated", 401, "No valid token", "Send 'Authorization: Bearer <token>' with a token from the admin."),
    ErrorCode("not_allowed", 403, "The token lacks the right", "Ask a manager to give the token the scope named in the answer."),
    ErrorCode("not_found", 404, "Not found", "Check the address or the id; it may belong to another site."),
    ErrorCode("method_not_allowed", 405, "Method not allowed", "Use one of the methods named in the Allow header."),
    ErrorCode("not_acceptable", 406, "Only JSON is answered", "Send 'Accept: application/json'."),
    ErrorCode("unsupported_media_type", 415, "Only JSON is understood", "Send 'Content-Type: application/json'."),
    ErrorCode("too_many_requests", 429, "Too many requests", "Wait for the time in Retry-After, then send it again."),
    ErrorCode("idempotency_key_missing", 400, "Idempotency-Key is missing", "Send a fresh unique Idempotency-Key with every new POST."),
    ErrorCode("idempotency_key_reused", 422, "Idempotency-Key belongs to another request", "Use a new key for a new request; the old key answers only its first body."),
    ErrorCode("state_conflict", 409, "Somebody was faster", "Read the present state and decide again."),
    ErrorCode("illegal_transition", 409, "Not possible in this state", "Read the present state; the answer names what is possible."),
    ErrorCode("busy", 503, "The system is busy", "Wait a second and try the same request again."),
    # master data
    ErrorCode("unknown_sku", 422, "This SKU is not stocked here", "Check the SKU or GTIN against GET /api/v1/skus."),
    ErrorCode("unknown_barcode", 404, "This code is not known here", "Scan the label again; if it stays unknown, set the item aside and tell the lead."),
    ErrorCode("wrong_check_digit", 422, "The check digit is wrong", "Scan again or compare the printed digits; a damaged label must be replaced."),
    ErrorCode("measure_invalid", 422, "The measure is not possible", "Weigh one piece in grams; give all three lengths in millimetres or none."),
    ErrorCode("barcode_taken", 409, "This code belongs to another article", "Look at the article named in the answer; remove the code there first, or use another one."),
    ErrorCode("label_invalid", 422, "The label cannot be read", "Scan again; replace the label if it is damaged."),
    # orders
    ErrorCode("quantity_invalid", 422, "The quantity is not possible", "Use a whole number within the limits that the message states."),
    ErrorCode("promise_in_past", 422, "The promise cannot be kept", "Send a promise window that ends in the future."),
    ErrorCode("promise_window_invalid", 422, "The promise window is not possible", "Send 'from' before 'until'."),
    ErrorCode("promise_too_tight", 422, "The promise is too soon to be kept", "Offer the customer a later window; the answer names the earliest."),
    ErrorCode("order_ref_taken", 409, "This order reference exists", "Use the existing order, or send a new order_ref."),
    ErrorCode("order_too_large", 422, "The order does not fit one tote", "Split the order, or send bulky items another way."),
    ErrorCode("temperature_mismatch", 422, "The temperature class does not fit", "Leave temperature_class out, or send the warmest class that every line allows."),
    ErrorCode("stock_insufficient", 409, "Not enough free stock", "Lower the quantity to what is available, or choose another SKU."),
    ErrorCode("stock_too_old", 409, "Not enough stock lasts that long", "Lower the quantity or the days of life, or choose another SKU."),
    ErrorCode("order_not_cancellable", 409, "The order can no longer be cancelled", "A tote of it is sealed, or it has ended: let it finish, then take it back as a return."),
    ErrorCode("substitution_closed", 409, "The question is closed", "The answer came too late or was given before: read the order for what became of the line."),
    ErrorCode("substitute_unknown", 422, "This article was not offered", "Answer with one of the candidates, or null for none."),
    ErrorCode("substitute_gone", 409, "The substitute is no longer there", "Choose another candidate, or answer null for none."),
    # stock
    ErrorCode("stock_regraded", 409, "The stock's status has just changed", "Read the stock again and decide anew; the same request may now succeed or be refused."),
    ErrorCode("place_invalid", 422, "The goods may not lie there", "Choose another place; the message says what is wrong with this one."),
    ErrorCode("reason_missing", 422, "A reason is needed", "Say why; the reason is kept with the change."),
    ErrorCode("lot_differs", 409, "The lot is known with another last day", "Compare both labels; a manager corrects the last day of the lot, or use the right lot code."),
    ErrorCode("hold_invalid", 422, "The hold is not complete", "Name a lot, a SKU or a location, and the reason."),
    ErrorCode("hold_exists", 409, "This hold is there already", "Nothing is to be done; look at the open hold named in the answer."),
    ErrorCode("hold_lifted", 409, "The hold has ended", "Nothing is to be done; place a new hold if the stock must be stopped again."),
    ErrorCode("stock_on_hold", 409, "This stock must not be used", "Leave it where it is and report a short: other stock is looked for."),
    ErrorCode("reservation_missing", 409, "The reservation is gone", "Read the task again; it was changed meanwhile."),
    ErrorCode("month_not_over", 409, "The month is not over", "Close it when it has ended (UTC)."),
    ErrorCode("month_not_next", 409, "Another month is due first", "Close the months in their order; the answer names the one that is due."),
    ErrorCode("month_closed", 409, "The month is closed", "Nothing is left to do: its end is kept as a snapshot."),
    ErrorCode("month_open", 409, "The month is not closed", "Close it first with 'manage.py close_month'."),
    ErrorCode("nothing_to_close", 409, "There is nothing to close", "Close a month once it holds stock moves."),
    ErrorCode("books_disagree", 409, "Balances and moves disagree", "Run 'manage.py reconcile', find the cause, and only then go on."),
    ErrorCode("archive_unverified", 500, "The archive file does not hold what the table holds", "Nothing was removed: check the disk and run the command again."),
    ErrorCode("moment_in_future", 422, "The moment has not come yet", "Ask for a moment that has passed."),
    ErrorCode("moment_archived", 410, "The moves of that time are archived", "Ask for the end of that month, or load the archive file named in the answer into a database of its own."),
    ErrorCode("lock_order", 500, "SKUs were locked out of order", "This is our mistake: please report it with the journal."),
    # receiving and putting away
    ErrorCode("receipt_ref_taken", 409, "This receipt reference exists", "Use the existing receipt, or another reference."),
    ErrorCode("receipt_closed", 409, "The receipt is finished", "Receive what still came without announcement, or adjust the stock."),
    ErrorCode("over_receipt", 409, "More than announced", "Count again; if it is right, receive it with a reason code."),
    ErrorCode("under_receipt", 409, "Less than announced", "Receive the rest, or close the receipt with a reason code."),
    ErrorCode("lot_missing", 422, "The lot is missing", "Scan the code that holds the lot (AI 10), or type it as printed."),
    ErrorCode("expiry_missing", 422, "The last day is missing", "Scan the code that holds it (AI 17 or 15), or type it as printed."),
    ErrorCode("lot_expired", 409, "The goods have expired", "Refuse the delivery, or receive it on quality hold."),
    ErrorCode("weight_missing", 422, "The weight is missing", "Weigh the goods, or scan the code that holds the weight (AI 310n)."),
    ErrorCode("unit_unknown", 404, "Nobody announced this unit", "Receive its content piece by piece, or ask the supplier for the notice."),
    ErrorCode("unit_received", 409, "This unit has arrived already", "Put it away; scan it to see what is in it."),
    ErrorCode("no_waiting_order", 409, "No order waits for it any more", "Put it on a shelf."),
    # counting
    ErrorCode("count_taken", 409, "Somebody else counts there", "Take the next place."),
    ErrorCode("count_disturbed", 409, "Stock moved while it was counted", "Count the place again from the beginning."),
    # people, stations, sessions
    ErrorCode("no_session", 403, "Nobody is working here", "Scan your badge first."),
    ErrorCode("unknown_badge", 404, "This badge is not known", "Use your own badge; a lead can print a new one in the admin."),
    ErrorCode("role_missing", 403, "Your role does not cover this station", "Ask a lead to add the role in the admin."),
    ErrorCode("unknown_station", 404, "This screen is not enrolled", "Open the address shown for the station in the admin."),
    ErrorCode("nothing_expected", 409, "Nothing is to be scanned now", "Look at the screen and follow what it says."),
    ErrorCode("unexpected_scan", 409, "That is not what comes next", "Look at the screen and follow what it says."),
    # picking
    ErrorCode("cart_in_use", 409, "This cart has a batch", "Take another cart, or finish the batch on this one."),
    ErrorCode("tote_in_use", 409, "This tote is in use", "Take an empty tote; this one belongs to the order named in the answer."),
    ErrorCode("unknown_tote", 404, "This tote is not known here", "Register the tote in the admin, or take another one."),
    ErrorCode("wrong_item", 409, "Wrong item", "Put it back and take the item shown."),
    ErrorCode("wrong_pack", 409, "Wrong pack", "Put the pack back, or open it; scan one piece."),
    ErrorCode("wrong_location", 409, "Wrong place", "Go to the location shown."),
    ErrorCode("wrong_tote", 409, "Wrong tote", "Put it into the tote whose light is on."),
    ErrorCode("task_taken", 409, "Somebody else has done this", "Go on with the next task on the screen."),
    ErrorCode("short_invalid", 422, "The found quantity is not possible", "Enter 0 up to one less than the wanted quantity."),
    ErrorCode("short_reason_unknown", 422, "This reason is not known", "Choose one of the reasons on the screen."),
    ErrorCode("lead_needed", 403, "A lead must agree", "Ask a lead to scan their badge at this screen, or take it back."),
    ErrorCode("customer_asked", 409, "The customer is being asked", "Wait for the answer, or press Don't wait: the article is then short."),
    ErrorCode("split_invalid", 422, "The tote cannot be split like this", "Enter how many still fit: less than are in your hand."),
    ErrorCode("weight_needed", 409, "The weight of each piece is needed", "Scan the weight label of each piece, or scan the item and type its weight."),
    ErrorCode("weight_implausible", 422, "The weight is not plausible", "Weigh the piece again; check that it is the right article."),
    ErrorCode("undo_too_late", 409, "This can no longer be taken back", "Something was built on it meanwhile: go on, or tell the lead."),
    ErrorCode("put_back_done", 409, "This was put back before", "Go on with the next line of the list."),
    ErrorCode("nothing_to_undo", 409, "Nothing can be taken back", "Only the last action can be undone, while the tote is on the cart."),
    # planning
    ErrorCode("plan_at_work", 409, "A plan of this kind is at work", "Wait for it, stop it, or finish its moves first; the answer names the run."),
    ErrorCode("plan_outdated", 409, "The floor has changed since the plan was made", "Discard the plan and ask for a new one."),
    ErrorCode("plan_impossible", 422, "Nothing can be planned", "The message says what is missing; add it and ask again."),
    ErrorCode("chain_begun", 409, "A part of these moves is done", "Finish the chain: its goods stand on the buffer place."),
    ErrorCode("move_not_next", 409, "Another move comes first", "Do the moves of a chain in their sequence; the answer names the one that is due."),
    ErrorCode("picks_waiting", 409, "Pickers are on their way to this place", "Do another move first, and this one when the picks are done."),
    # put wall
    ErrorCode("wrong_slot", 409, "Wrong slot", "Put it into a slot whose light is on, and press that light."),
    ErrorCode("put_aside", 409, "No order wants this any more", "Leave it in the pick tote: it goes back to its shelf."),
    ErrorCode("wall_busy", 409, "Another pick tote is being sorted", "Sort it to the end, or report it empty, then scan the next one."),
    ErrorCode("no_slot_free", 409, "No slot is free", "Close and send away a complete slot first."),
    ErrorCode("slot_not_complete", 409, "The slot is not complete", "Sort what is still to come, then close its tote."),
    ErrorCode("slot_not_empty", 409, "The slot holds goods", "Sort and close its tote, or cancel its order."),
    ErrorCode("wall_invalid", 422, "The wall cannot be built like this", "Choose a put wall station, a free face and a size within the limits."),
    # packing
    ErrorCode("tote_not_here", 409, "This tote is not due here", "Put it back on the belt; it will be sent to the right place."),
    ErrorCode("weight_out_of_tolerance", 409, "The weight does not fit the content", "Put the tote back on the belt: it goes to the hospital to be counted."),
    ErrorCode("wrong_label", 409, "Wrong label", "Stick on and scan the label that was printed for this tote."),
    # dispatch
    ErrorCode("shipment_not_ready", 409, "The shipment is not ready", "Wait for the shipment.ready event."),
    ErrorCode("shipment_claimed", 409, "The shipment is claimed by somebody else", "Choose another shipment; the answer names who has it."),
    ErrorCode("parcel_wrong", 409, "A parcel does not belong to this shipment", "Take out the parcels named in the answer; load only what belongs here."),
    ErrorCode("parcel_missing", 409, "A parcel of this shipment is missing", "Find the parcels named in the answer before handing over."),
    ErrorCode("parcel_left", 409, "The parcel has left the site", "Ask the carrier to bring it back; its goods come in as a return."),
    # webhooks and devices
    ErrorCode("webhook_url_refused", 422, "This address is not allowed", "Use https, or http on the loopback address."),
    ErrorCode("unknown_device", 404, "This device is not bound", "Bind the device to a station or location in the admin."),
    # files: the first may refuse a file, the others name what is wrong with a row
    ErrorCode("import_refused", 422, "The file cannot be read", "Correct the header or the rows named in the report."),
    ErrorCode("import_too_large", 413, "The file is too large", "Split the file; each part needs the header line."),
    ErrorCode("row_length", 422, "The row has too few or too many cells", "Give each row as many cells as the header has."),
    ErrorCode("value_missing", 422, "A value is missing", "Fill in the cell named in the report."),
    ErrorCode("value_invalid", 422, "A value is not possible", "Correct the cell; the report says what is expected."),
    ErrorCode("value_duplicate", 422, "The file says this twice", "Keep one of the two rows."),
    ErrorCode("value_fixed", 409, "This cannot be changed by a file", "Leave the cell as it is in an export, or change it where the report says."),
    ErrorCode("pace_unmeasured", 409, "The pace has not been measured well enough", "Keep the labour standard, and measure again after more batches."),
    ErrorCode("layout_broken", 409, "The site's layout contradicts itself", "Run Check the ways at the site in the admin and correct what it names."),
    ErrorCode("unknown_zone", 422, "This zone is not known here", "Add the zone to the site in the admin first."),
    ErrorCode("unknown_place", 422, "This location is not known here", "Import the locations first, or correct the code."),
    ErrorCode("place_occupied", 409, "The place holds this already", "Leave the row out, or put 'add' into the column mode."),
)  # fmt: skip

CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}
