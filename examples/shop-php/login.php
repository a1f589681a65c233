<?php // Yours: sign the cashier in, and say which terminal this is. This one lets everybody in.
session_start();
$_SESSION['cashier'] = 'Aminah';
$_SESSION['terminal'] = 'till-1';
