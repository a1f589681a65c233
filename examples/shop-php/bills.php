<?php // Yours: read it from your own database.
// What a bill asks for, in sen; null where there is no such bill.
function owed(string $ref): ?int {
    return ['INV-2041' => 1250, 'INV-2042' => 990][$ref] ?? null;
}
